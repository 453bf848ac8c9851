//! Commands that this build does not have, because it was made without their features.

use std::path::Path;

/// Each command that a feature of the same name turns on, and whether this build has it.
const FEATURES: [(&str, bool); 2] = [("fetch", cfg!(feature = "fetch")), ("serve", cfg!(feature = "serve"))];

/// A text for the help, without the lines of commands that were left out, and without the groups that are empty then.
pub fn without(text: &str) -> String {
    let left_out =
        |line: &str| FEATURES.iter().any(|(name, here)| !here && line.contains(&format!("ranks {name} ")));
    let group = |group: &str| -> Option<String> {
        let lines: Vec<&str> = group.lines().filter(|line| !left_out(line)).collect();
        let is_empty = lines.len() == 1 && lines[0].ends_with(':');
        (!is_empty).then(|| lines.join("\n"))
    };
    text.split("\n\n").filter_map(group).collect::<Vec<_>>().join("\n\n")
}

/// What to say to someone who asks for a command that was left out.
pub fn told(word: &Path) -> Option<String> {
    let (name, _) = FEATURES.iter().find(|(name, here)| !here && word == Path::new(name))?;
    Some(format!(
        "this build has no `ranks {name}`; build the command with `--features {name}` (it needs a C compiler), or without \
         `--no-default-features`"
    ))
}
