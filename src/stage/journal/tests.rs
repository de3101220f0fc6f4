#![allow(clippy::unwrap_used)]
//! The journal as a whole: ring, thread, file, and what a crash leaves of them.

use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, mpsc};

use crossbeam_queue::ArrayQueue;

use super::ring::{self, Words};
use super::writer::{Checkpoints, Sink, Writer};
use super::*;
use crate::engine::{ActionId, By, Input, Intent, Mode, Note, Report};
use crate::show::{DeviceIx, ListIx};
use crate::time::Mono;

fn memory(words: usize) -> Arc<dyn Words> {
    Arc::new((0..words).map(|_| AtomicU64::new(0)).collect::<Vec<_>>())
}

fn header() -> Header {
    let sources = vec![("show.toml".to_owned(), "[show]\n".to_owned())];
    Header {
        format: FORMAT,
        showcall: "0".into(),
        run: 4,
        title: "t".into(),
        mode: Mode::Live,
        hash: hash(&sources),
        sources: sources.into(),
    }
}

fn go() -> Entry {
    Entry::Input(Input::Intent { intent: Intent::Go { list: ListIx(0), seen: None }, by: By::Show })
}

fn report(report: Report) -> Entry {
    Entry::Input(Input::Device { device: DeviceIx(0), report })
}

fn queue() -> Checkpoints {
    Arc::new(ArrayQueue::new(1))
}

/// A folder with one run of these entries, ended by the process or not.
fn run(entries: &[Entry]) -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let (file, path) = folder::start(dir.path(), &header(), None).unwrap();
    let (writer_end, reader_end) = ring::create(memory(4096), 4).unwrap();
    let writer = Writer::spawn(Box::new(file), reader_end, queue()).unwrap();
    let mut log = Log::new(writer_end, queue(), writer.health(), 0, &[], Mono(0));
    for (entry, mono) in entries.iter().zip(1..) {
        log.put(Mono(mono), entry.clone());
    }
    assert!(writer.finish());
    (dir, path)
}

#[test]
fn what_goes_in_comes_out() {
    let entries = [
        go(),
        Entry::Sending { action: ActionId(1), device: DeviceIx(0) },
        report(Report::Sent { action: ActionId(1), value: None }),
        Entry::Note(Note::Stopped),
        Entry::End { why: "quit".into() },
    ];
    let (dir, path) = run(&entries);
    let mut content = read::file(&path).unwrap();
    content.settle();
    assert_eq!(content.header, header());
    assert_eq!(content.notices, Vec::<String>::new());
    let found: Vec<(u64, u64)> = content.records.iter().map(|record| (record.seq, record.mono.0)).collect();
    assert_eq!(found, [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]);
    assert!(content.records.iter().map(|record| &record.entry).eq(&entries));
    assert!(content.ended());
    assert_eq!(folder::newest(dir.path()).unwrap(), Some(path));
}

#[test]
fn a_torn_last_line_is_dropped_wherever_it_is_cut() {
    let (_dir, path) = run(&[go(), go()]);
    let whole = std::fs::read(&path).unwrap();
    let second = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for cut in second + 1..whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let content = read::file(&path).unwrap();
        assert_eq!((content.records.len(), content.notices.len(), content.length), (1, 1, second as u64), "cut at {cut}");
        assert!(content.notices[0].contains("torn"), "{:?}", content.notices);
    }
}

#[test]
fn a_damaged_line_is_named_by_its_number_and_the_rest_is_kept() {
    let (_dir, path) = run(&[go(), go(), go()]);
    let mut text = std::fs::read_to_string(&path).unwrap();
    let third = text.match_indices('\n').nth(1).unwrap().0 + 1;
    text.replace_range(third + 10..third + 11, "#");
    std::fs::write(&path, text).unwrap();
    let mut content = read::file(&path).unwrap();
    content.settle();
    assert_eq!(content.records.iter().map(|record| record.seq).collect::<Vec<_>>(), [1, 3]);
    assert!(content.notices[0].starts_with("line 3 is damaged"), "{:?}", content.notices);
    assert!(content.notices[1].contains("records 2 to 2 are missing"), "{:?}", content.notices);
}

#[test]
fn other_files_and_other_formats_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run-0001.jsonl");
    std::fs::write(&path, "hello\n").unwrap();
    assert!(read::file(&path).unwrap_err().to_string().contains("is not a journal"));
    let mut later = header();
    later.format = 99;
    let (_, path) = folder::start(dir.path(), &later, None).unwrap();
    assert!(path.ends_with("run-0002.jsonl"));
    assert!(read::file(&path).unwrap_err().to_string().contains("format 99"));
}

#[test]
fn the_ring_gives_exactly_what_had_not_reached_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let (file, path) = folder::start(dir.path(), &header(), None).unwrap();
    let shared = memory(4096);
    let (writer_end, reader_end) = ring::create(shared.clone(), 4).unwrap();
    let writer = Writer::spawn(Box::new(file), reader_end, queue()).unwrap();
    let mut log = Log::new(writer_end, queue(), writer.health(), 0, &[], Mono(0));
    log.put(Mono(1), go());
    log.put(Mono(2), go());
    assert!(writer.finish());
    // The thread is gone: what follows stays in the ring, as at a kill. One line had reached the file when the ring was not yet told.
    let tail = shared.words()[3].load(std::sync::atomic::Ordering::Relaxed);
    log.put(Mono(3), go());
    log.alive(Mono(9));
    shared.words()[3].store(tail / 2, std::sync::atomic::Ordering::Relaxed);
    std::fs::OpenOptions::new().append(true).open(&path).and_then(|mut file| io::Write::write_all(&mut file, b"{\"seq\":3,\"mo")).unwrap();

    let mut content = read::file(&path).unwrap();
    let left = ring::reopen(shared, 4).unwrap();
    let bytes = content.add_ring(&left);
    assert_eq!(content.records.iter().map(|record| record.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(left.alive_until(), 9);
    drop(folder::go_on(&path, content.length, &bytes).unwrap());
    let again = read::file(&path).unwrap();
    assert_eq!((again.records, again.notices), (content.records, Vec::new()));
}

#[test]
fn a_checkpoint_that_came_before_its_records_leaves_them_to_the_ring() {
    let dir = tempfile::tempdir().unwrap();
    let (mut file, path) = folder::start(dir.path(), &header(), None).unwrap();
    let shared = memory(4096);
    let (writer_end, _reader) = ring::create(shared.clone(), 4).unwrap();
    let checkpoints = queue();
    let mut log = Log::new(writer_end, checkpoints.clone(), Arc::default(), 0, &[], Mono(0));
    log.put(Mono(1), go());
    log.put(Mono(2), go());
    log.checkpoint(Mono(2), serde_json::json!({"state": 1}));
    let mut bytes = Vec::new();
    line::write(&checkpoints.pop().unwrap().record().unwrap(), &mut bytes).unwrap();
    io::Write::write_all(&mut file, &bytes).unwrap();

    let mut content = read::file(&path).unwrap();
    content.add_ring(&ring::reopen(shared, 4).unwrap());
    content.settle();
    assert_eq!(content.of_night().map(|record| record.seq).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(content.notices, Vec::<String>::new());
}

/// A disk that takes nothing until it is told to.
struct Stalled(mpsc::Receiver<()>, Vec<u8>, Arc<std::sync::Mutex<Vec<u8>>>);

impl Sink for Stalled {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A sender that is gone means that the disk is well again.
        let _ = self.0.recv();
        self.1.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.2.lock().unwrap().clone_from(&self.1);
        Ok(())
    }
}

#[test]
fn a_stalled_disk_loses_reports_only_and_says_so() {
    let (heal, stall) = mpsc::channel();
    let disk = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (writer_end, reader_end) = ring::create(memory(2048), 4).unwrap();
    let writer = Writer::spawn(Box::new(Stalled(stall, Vec::new(), disk.clone())), reader_end, queue()).unwrap();
    let mut log = Log::new(writer_end, queue(), writer.health(), 0, &[], Mono(0));
    for _ in 0..2000 {
        log.put(Mono(1), Entry::Note(Note::Stopped));
    }
    for _ in 0..20 {
        log.put(Mono(2), go());
    }
    let mut facets = Vec::new();
    log.facets(Mono(1), &mut facets);
    assert!(facets.iter().any(|facet| facet.text.contains("lost")), "{facets:?}");
    drop(heal);
    assert!(writer.finish());
    let text = disk.lock().unwrap().clone();
    let lines: Vec<Record> = text.split(|b| *b == b'\n').filter(|l| !l.is_empty()).map(|l| line::read(l).unwrap()).collect();
    assert_eq!(lines.iter().filter(|record| record.entry == go()).count(), 20);
    assert!(lines.iter().zip(1..).all(|(record, seq)| record.seq == seq), "a dropped line takes no number");
}

#[test]
fn a_full_disk_is_tried_again_from_the_very_byte() {
    struct Full(Arc<std::sync::Mutex<Vec<u8>>>, u32);
    impl Sink for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            if self.1.is_multiple_of(2) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let some = bytes.len().min(50);
            self.0.lock().unwrap().extend_from_slice(&bytes[..some]);
            Ok(some)
        }
        fn sync(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let disk = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (writer_end, reader_end) = ring::create(memory(2048), 4).unwrap();
    let writer = Writer::spawn(Box::new(Full(disk.clone(), 0)), reader_end, queue()).unwrap();
    let mut log = Log::new(writer_end, queue(), writer.health(), 0, &[], Mono(0));
    log.put(Mono(1), go());
    log.put(Mono(1), go());
    while disk.lock().unwrap().iter().filter(|byte| **byte == b'\n').count() < 2 {
        std::thread::yield_now();
    }
    // Whether the very last write was one of the refused ones is chance; what was written is whole.
    let _ = writer.finish();
    let text = disk.lock().unwrap().clone();
    let good = text.split(|b| *b == b'\n').filter(|l| !l.is_empty()).all(|l| line::read(l).is_ok());
    assert!(good, "{}", String::from_utf8_lossy(&text));
}

#[test]
fn a_checkpoint_names_what_was_begun_and_not_sent() {
    let checkpoints = queue();
    let (writer_end, _reader) = ring::create(memory(2048), 4).unwrap();
    let mut log = Log::new(writer_end, checkpoints.clone(), Arc::default(), 0, &[ActionId(1)], Mono(0));
    log.put(Mono(1), Entry::Sending { action: ActionId(2), device: DeviceIx(0) });
    log.put(Mono(2), Entry::Sending { action: ActionId(3), device: DeviceIx(0) });
    log.put(Mono(3), report(Report::Sent { action: ActionId(2), value: None }));
    assert!(!log.checkpoint_due(Mono(4)));
    assert!(log.checkpoint_due(Mono(CHECKPOINT_TIME.0)));
    log.checkpoint(Mono(4), serde_json::json!({"state": 1}));
    assert!(!log.checkpoint_due(Mono(u64::MAX)), "the one before is not yet written");
    let record = checkpoints.pop().unwrap().record().unwrap();
    let mut bytes = Vec::new();
    line::write(&record, &mut bytes).unwrap();
    assert_eq!(line::read(bytes.strip_suffix(b"\n").unwrap()).unwrap(), record);
    assert_eq!(record.seq, 3);
    let Entry::Checkpoint(checkpoint) = record.entry else { panic!("no checkpoint") };
    assert_eq!(checkpoint.open, [ActionId(1), ActionId(3)]);
}
