//! Requests over HTTP to one device (`http://` only): one at a time, in the order in which the driver gave them.
//!
//! The wire is up at once; whether the device is there is told by its replies. No answer within `ANSWER_WITHIN`, or none at
//! all, is a reply with status 0 and the reason as its body. No proxy, no redirect is followed, nothing is asked twice.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Response};

use super::stream::{Inbound, Line};
use crate::devices::web::Request;

/// How long a device may take for its whole answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);
/// How long connecting may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// Longest answer.
const LONGEST: usize = 4 << 20;

/// Asks one device.
pub(super) struct Client {
    base: String,
    http: reqwest::Client,
}

impl Client {
    /// For a device whose URLs begin with `base`.
    ///
    /// # Errors
    /// When `base` is no such beginning.
    pub(super) fn new(base: &str) -> Result<Self, Arc<str>> {
        if !base.starts_with("http://") {
            return Err(format!("\"{base}\" is no HTTP address that can be opened (write http://host:port)").into());
        }
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .pool_max_idle_per_host(1)
            .build()
            .map_err(|error| Arc::from(error.to_string()))?;
        Ok(Self { base: base.trim_end_matches('/').to_owned(), http })
    }

    /// Status and body; status 0 and the reason when there was no answer.
    async fn ask(&self, bytes: &[u8]) -> (u16, Vec<u8>) {
        let nothing = |why: String| (0, why.into_bytes());
        let request = match Request::read(bytes) {
            Ok(request) => request,
            Err(why) => return nothing(why),
        };
        match self.send(&request).await {
            Ok(response) => {
                let status = response.status().as_u16();
                body(response).await.map_or_else(|why| nothing(why.to_string()), |body| (status, body))
            }
            Err(error) => nothing(words(&error).to_string()),
        }
    }

    async fn send(&self, request: &Request) -> reqwest::Result<Response> {
        let method = Method::from_bytes(request.method.as_bytes()).unwrap_or(Method::GET);
        let mut asking = self.http.request(method, format!("{}{}", self.base, request.path));
        for (name, value) in &request.headers {
            asking = asking.header(name, value);
        }
        if let Some((user, password)) = &request.login {
            asking = asking.basic_auth(user, Some(password));
        }
        if !request.body.is_empty() {
            asking = asking.body(request.body.clone());
        }
        asking.send().await
    }
}

/// Asks and answers until the stage wants to begin anew; gives the reason.
pub(super) async fn serve(line: &Line<'_>, client: Client) -> Arc<str> {
    loop {
        match line.next() {
            Ok(Some((tag, request))) => {
                let (status, body) = client.ask(&request).await;
                line.give(Inbound::Reply(tag, status, body)).await;
            }
            Ok(None) => {
                if let Err(why) = line.wanted().await {
                    return why;
                }
            }
            Err(why) => return why,
        }
    }
}

async fn body(mut response: Response) -> Result<Vec<u8>, Arc<str>> {
    let mut all = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| words(&error))? {
        if all.len() + piece.len() > LONGEST {
            return Err("the device answers with more than 4 MiB (is it the right port?)".into());
        }
        all.extend_from_slice(&piece);
    }
    Ok(all)
}

fn words(error: &reqwest::Error) -> Arc<str> {
    if error.is_timeout() {
        return "no answer within 4 s".into();
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<std::io::Error>().filter(|io| io.raw_os_error().is_some()) {
            return super::udp::plain(io);
        }
        cause = inner.source();
    }
    if error.is_builder() {
        return format!("the request cannot be made ({error})").into();
    }
    "the device broke off its answer, or it does not speak HTTP (is it the right port?)".into()
}
