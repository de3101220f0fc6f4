//! A small tree of XML: for files that are small, flat and not always well made. No document type with content, no entity of
//! anybody's own, and a limit on everything.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::Refusal;

/// Bytes of a file at the most.
pub const SIZE_MAX: usize = 16 << 20;
/// Elements within elements at the most: no fixture file needs half as many.
const DEPTH_MAX: usize = 48;
/// Elements of a file at the most.
const ELEMENTS_MAX: usize = 400_000;

/// One element.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    /// Its name without a prefix.
    pub name: String,
    /// The text directly inside, trimmed.
    pub text: String,
    /// What is inside.
    pub children: Vec<Element>,
    attributes: Vec<(String, String)>,
}

impl Element {
    /// An attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Gives an attribute to an element that has none of the name.
    pub fn fill_in(&mut self, name: &str, value: &str) {
        if self.attribute(name).is_none() {
            self.attributes.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Writes it and what is inside as XML.
    pub fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        for (key, value) in &self.attributes {
            out.extend([" ", key.as_str(), "=\"", &escape(value), "\""]);
        }
        out.push('>');
        out.push_str(&escape(&self.text));
        self.children.iter().for_each(|child| child.write(out));
        out.extend(["</", self.name.as_str(), ">"]);
    }

    /// The first child of a name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of a name; empty when there is none.
    #[must_use]
    pub fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.as_str())
    }
}

/// Reads a whole file.
///
/// # Errors
/// What is not XML, is cut off, too large or too deep, or declares entities.
pub fn parse(bytes: &[u8]) -> Result<Element, Refusal> {
    if bytes.len() > SIZE_MAX {
        return Err(Refusal::new("size", format!("the XML has {} bytes; {SIZE_MAX} are the limit", bytes.len())));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| Refusal::new("xml", format!("the XML is not UTF-8 at byte {}", e.valid_up_to())))?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut open: Vec<Element> = Vec::new();
    let mut root: Option<Element> = None;
    let mut count = 0_usize;
    loop {
        let at = reader.buffer_position();
        let broken = |why: String| Refusal::new("xml", format!("the XML is broken at byte {at}: {why}"));
        match reader.read_event().map_err(|e| broken(e.to_string()))? {
            Event::Start(start) => {
                count += 1;
                if open.len() >= DEPTH_MAX || count > ELEMENTS_MAX {
                    return Err(Refusal::new("depth", format!("the XML has more than {DEPTH_MAX} levels or {ELEMENTS_MAX} elements")));
                }
                open.push(element(&start).map_err(broken)?);
            }
            Event::Empty(start) => {
                count += 1;
                let made = element(&start).map_err(broken)?;
                put(made, &mut open, &mut root).map_err(broken)?;
            }
            Event::End(_) => {
                let mut made = open.pop().ok_or_else(|| broken("an element ends that never began".into()))?;
                made.text = made.text.trim().to_owned();
                put(made, &mut open, &mut root).map_err(broken)?;
            }
            Event::Text(text) => {
                if let Some(top) = open.last_mut() {
                    top.text.push_str(&text.decode().map_err(|e| broken(e.to_string()))?);
                }
            }
            Event::CData(text) => {
                if let Some(top) = open.last_mut() {
                    top.text.push_str(&text.decode().map_err(|e| broken(e.to_string()))?);
                }
            }
            Event::GeneralRef(name) => {
                let name = name.decode().map_err(|e| broken(e.to_string()))?;
                let letter = entity(&name)?;
                if let Some(top) = open.last_mut() {
                    top.text.push(letter);
                }
            }
            Event::DocType(text) => {
                let text = text.decode().map_err(|e| broken(e.to_string()))?;
                if text.contains('[') || text.contains("ENTITY") || text.contains("SYSTEM") || text.contains("PUBLIC") {
                    return Err(Refusal::new(
                        "entity",
                        "the XML declares entities or a document type of its own, which no fixture file needs",
                    ));
                }
            }
            Event::Eof => break,
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
    if let Some(left) = open.last() {
        return Err(Refusal::new("xml", format!("the XML is cut off: <{}> has no end", left.name)));
    }
    root.ok_or_else(|| Refusal::new("xml", "the file has no XML element"))
}

fn put(made: Element, open: &mut [Element], root: &mut Option<Element>) -> Result<(), String> {
    match open.last_mut() {
        Some(top) => top.children.push(made),
        None if root.is_none() => *root = Some(made),
        None => return Err(format!("<{}> stands outside of the first element", made.name)),
    }
    Ok(())
}

fn element(start: &BytesStart<'_>) -> Result<Element, String> {
    let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute.map_err(|e| e.to_string())?;
        let key = String::from_utf8_lossy(attribute.key.local_name().as_ref()).into_owned();
        let raw = String::from_utf8_lossy(&attribute.value).into_owned();
        attributes.push((key, unescape(&raw)?));
    }
    Ok(Element { name, attributes, ..Element::default() })
}

/// A text as XML has it between quotes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\n', "&#10;")
        .replace('\r', "&#13;")
        .replace('\t', "&#9;")
}

/// The text of an attribute with its references resolved.
fn unescape(raw: &str) -> Result<String, String> {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (name, tail) = after.split_once(';').ok_or("a & without its ;")?;
        out.push(entity(name).map_err(|e| e.message)?);
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

/// The five names of XML, and letters by number.
fn entity(name: &str) -> Result<char, Refusal> {
    let number = name.strip_prefix('#').and_then(|digits| match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    });
    match name {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => number
            .and_then(char::from_u32)
            .ok_or_else(|| Refusal::new("entity", format!("the XML uses the entity &{name};, which XML itself does not have"))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_tree_is_read_with_its_references() {
        let root = parse(b"<?xml version=\"1.0\"?><!DOCTYPE A><A x=\"1 &lt; 2\"><B>R&amp;D &#65;</B><C/></A>").unwrap();
        assert_eq!((root.name.as_str(), root.attribute("x"), root.text_of("B")), ("A", Some("1 < 2"), "R&D A"));
        assert_eq!(root.children.len(), 2);
        let mut again = String::new();
        root.write(&mut again);
        assert_eq!(parse(again.as_bytes()).unwrap(), root, "{again}");
    }

    #[test]
    fn hostile_xml_is_refused_with_the_reason() {
        let bomb = b"<!DOCTYPE A [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><A>&b;</A>";
        let deep = ["<a>".repeat(100), "</a>".repeat(100)].concat();
        let rules = [bomb.as_slice(), b"<A>&b;</A>", b"<A", b"<A><B></A>", b"<A>", b"", b"\xFF\xFE<", deep.as_bytes(), b"<A/><B/>"]
            .map(|bytes| parse(bytes).unwrap_err().rule);
        assert_eq!(rules, ["entity", "entity", "xml", "xml", "xml", "xml", "xml", "depth", "xml"]);
        assert_eq!(parse(&vec![b' '; SIZE_MAX + 1]).unwrap_err().rule, "size");
    }
}
