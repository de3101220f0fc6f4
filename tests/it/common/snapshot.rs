//! Snapshots: texts that people read, each kept in a file of `tests/snapshots/`.

/// The text is the one that was accepted under this name; `INSTA_UPDATE=always` accepts what comes.
pub fn snapshot(name: &str, text: &str) {
    insta::with_settings!({ snapshot_path => "../../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}
