//! The file of faults for a rehearsal: `[[fault]] at = "1m", device = "foh", what = "loss 20%", for = "10s"`.

use serde::Deserialize;

use crate::links::Fault;
use crate::show::{DeviceIx, Show};
use crate::time::{Mono, Span};

/// One fault at its time, counted from the start of the rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedFault {
    /// When it strikes.
    pub at: Mono,
    /// Which device.
    pub device: DeviceIx,
    /// What.
    pub fault: Fault,
    /// As it stands in the file.
    pub text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    fault: Vec<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    at: toml::Spanned<String>,
    device: String,
    what: String,
    /// Mended after this; without it, never.
    #[serde(rename = "for")]
    lasts: Option<String>,
}

/// Reads a file of faults; gives them in the order of their times, mending included.
///
/// # Errors
/// Says which line is wrong, and how it is written.
pub fn read_faults(text: &str, show: &Show) -> Result<Vec<PlannedFault>, String> {
    let file: File = toml::from_str(text).map_err(|e| e.to_string())?;
    let mut faults = Vec::new();
    for line in &file.fault {
        let number = text.get(..line.at.span().start).map_or(1, |before| before.matches('\n').count() + 1);
        read_line(line, show, &mut faults).map_err(|why| format!("line {number}: {why}"))?;
    }
    faults.sort_by_key(|fault| fault.at);
    Ok(faults)
}

fn read_line(line: &Line, show: &Show, faults: &mut Vec<PlannedFault>) -> Result<(), String> {
    let at = Mono::ZERO + Span::parse(line.at.get_ref())?;
    let device = show.device_by_key(&line.device).ok_or_else(|| {
        let keys: Vec<&str> = show.devices.iter().map(|device| &*device.key).collect();
        format!("the show has no device \"{}\" (it has: {})", line.device, keys.join(", "))
    })?;
    let fault = Fault::parse(&line.what)?;
    faults.push(PlannedFault { at, device, fault, text: line.what.clone() });
    if let Some(lasts) = &line.lasts {
        let at = at + Span::parse(lasts)?;
        faults.push(PlannedFault { at, device, fault: Fault::Heal, text: format!("{} mended", line.what) });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show() -> Show {
        let loaded = crate::show::load_text(&[(
            "show.toml".into(),
            "[show]\ntitle = \"t\"\n[device.node]\nprofile = \"artnet-node\"\naddress = \"10.0.0.1\"\n".into(),
        )]);
        loaded.show.map(|show| (*show).clone()).unwrap_or_default()
    }

    #[test]
    fn faults_stand_in_the_order_of_their_times() {
        let text = "[[fault]]\nat = \"10s\"\ndevice = \"node\"\nwhat = \"cut\"\nfor = \"5s\"\n[[fault]]\nat = \"12s\"\ndevice = \"node\"\nwhat = \"loss 5%\"\n";
        let faults = read_faults(text, &show()).map(|f| f.into_iter().map(|f| (f.at.0 / 1_000_000_000, f.fault)).collect::<Vec<_>>());
        assert_eq!(faults, Ok(vec![(10, Fault::Cut), (12, Fault::Loss(5)), (15, Fault::Heal)]));
    }

    #[test]
    fn a_wrong_line_is_named() {
        let wrong = |device: &str, what: &str| {
            let text = format!("\n[[fault]]\nat = \"10s\"\ndevice = \"{device}\"\nwhat = \"{what}\"\n");
            read_faults(&text, &show()).err().unwrap_or_default()
        };
        assert!(wrong("foh", "cut").starts_with("line 3: the show has no device \"foh\" (it has: node)"), "{}", wrong("foh", "cut"));
        assert!(wrong("node", "fire").starts_with("line 3: "));
    }
}
