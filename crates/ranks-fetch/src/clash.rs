//! No option of `ranks fetch` may write a file that the job reads, or that another option writes.

use std::path::Path;

use ranks_http::identity::{Identity, folder, same_folder};

use crate::error::Error;
use crate::options::Options;

const STANDARD_OUTPUT: &str = "standard output";

/// Refuses options that would overwrite an input or each other's file. Nothing has been opened for writing yet.
pub(crate) fn check(options: &Options) -> Result<(), Error> {
    let named = [
        ("--output", &options.output),
        ("--checkpoint", &options.checkpoint),
        ("--picture", &options.picture),
    ];
    let written = named.into_iter().filter_map(|(option, file)| Some((option, file.as_deref()?)));
    let mut written: Vec<(&str, &Path)> = written.collect();
    if options.output.is_none() {
        // Where it is appended to an input, the job would read its own records without end.
        written.push((STANDARD_OUTPUT, Path::new("/dev/stdout")));
    }
    let standard = ["-".to_owned()];
    let inputs = match options.inputs.is_empty() && options.sample.is_none() {
        true => &standard[..],
        false => &options.inputs,
    };
    let inputs: Vec<&str> = inputs.iter().map(|name| &**name).filter(|name| !name.contains("://")).collect();

    for (index, (option, file)) in written.iter().enumerate() {
        let Some(identity) = Identity::of(file) else { continue };
        let same = |other: &Path| Identity::of(other).is_some_and(|other| other == identity);
        let shown = file.display();
        if let Some(name) = inputs.iter().find(|name| same(input_file(name))) {
            if *option == STANDARD_OUTPUT {
                return Err(Error::Options(format!(
                    "{} is an input, and standard output goes there too",
                    told(name)
                )));
            }
            let other = if Path::new(name) == *file { String::new() } else { format!(" ({})", told(name)) };
            return Err(Error::Options(format!(
                "{shown} is an input{other}, and {option} would overwrite it"
            )));
        }
        if let Some((other, _)) = written[..index].iter().find(|(_, other)| same(other)) {
            return Err(Error::Options(format!("{other} and {option} name the same file: {shown}")));
        }
    }
    let Some(save) = &options.save else { return Ok(()) };
    let files = written.iter().map(|(_, file)| *file).chain(inputs.iter().map(|name| Path::new(*name)));
    match files.into_iter().find(|file| is_name_of_a_body(file) && same_folder(&folder(file), save)) {
        Some(file) => Err(Error::Options(format!(
            "{}: --save {} writes bodies under such names (1, 2.html); name another folder",
            file.display(),
            save.display()
        ))),
        None => Ok(()),
    }
}

/// Bodies are saved under the number of their line, with or without an ending.
fn is_name_of_a_body(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let number = name.split('.').next().unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn input_file(name: &str) -> &Path {
    Path::new(if name == "-" { "/dev/stdin" } else { name })
}

fn told(name: &str) -> &str {
    if name == "-" { "standard input" } else { name }
}
