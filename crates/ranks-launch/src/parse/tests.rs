use super::*;

fn words(text: &str) -> Vec<OsString> {
    text.split_whitespace().map(OsString::from).collect()
}

fn run(text: &str) -> Command {
    match parse(words(text)) {
        Ok(Request::Run(command)) => *command,
        other => panic!("{text}: {other:?}"),
    }
}

fn error(text: &str) -> String {
    parse(words(text)).expect_err(text).0
}

#[test]
fn count_and_program() {
    for text in [
        "-n 4 prog a -n 3",
        "-np 4 prog a -n 3",
        "--np=4 prog a -n 3",
        "-c 4 -- prog a -n 3",
        "-n4 prog a -n 3",
    ] {
        let command = run(text);
        assert_eq!(command.programs.len(), 1, "{text}");
        assert_eq!(command.programs[0].ranks, Some(4), "{text}");
        assert_eq!(command.programs[0].words, words("prog a -n 3"), "{text}");
    }
    assert_eq!(run("prog").programs[0].ranks, None);
    assert_eq!(run("-ppn 2 prog").programs[0].ranks, Some(2));
    assert_eq!(run("-n 4 -ppn 2 prog").programs[0].ranks, Some(4));
    assert_eq!(run("-ppn 2 -n 4 prog").programs[0].ranks, Some(4));
}

#[test]
fn several_programs() {
    let command = run("-n 1 --wdir /a one x : -n 2 --wdir /b -env A 1 two : three");
    let ranks: Vec<_> = command.programs.iter().map(|p| p.ranks).collect();
    assert_eq!(ranks, [Some(1), Some(2), None]);
    assert_eq!(command.programs[1].folder.as_deref(), Some("/b".as_ref()));
    assert_eq!(command.programs[1].environment.set, [("A".into(), Some("1".into()))]);
    assert!(command.programs[0].environment.set.is_empty());
}

#[test]
fn environments() {
    let command = run("-x A=1 -x B -genv C 3 -genv D=4 --genvlist PATH,HOME prog");
    let set: Vec<_> = command.environment.set.clone();
    let pair = |name: &str, value: Option<&str>| (OsString::from(name), value.map(OsString::from));
    assert_eq!(set, [pair("A", Some("1")), pair("B", None), pair("C", Some("3")), pair("D", Some("4"))]);
    assert_eq!(command.environment.pass, Pass::List(vec!["PATH".into(), "HOME".into()]));
    assert_eq!(run("-x A=b=c prog").environment.set, [pair("A", Some("b=c"))]);
}

#[test]
fn what_other_launchers_want_is_accepted() {
    let command =
        run("--allow-run-as-root --oversubscribe --bind-to core -map-by ppr:2:node --mca btl ^openib \
         -use-hwthread-cpus -launcher ssh -n 3 prog");
    assert_eq!(command.programs[0].ranks, Some(3));
    assert_eq!(command.programs[0].words, words("prog"));
}

#[test]
fn output_and_time() {
    let command = run("-l --timeout 1.5 -q --stdin none prog");
    assert!(command.tag_output && command.quiet);
    assert_eq!(command.timeout, Some(Duration::from_millis(1500)));
    assert_eq!(command.stdin, Stdin::None);
    assert_eq!(run("--timeout 0 prog").timeout, None);
    assert_eq!(run("--stdin 2 -n 3 prog").stdin, Stdin::Rank(2));
}

#[test]
fn cargo_targets() {
    let command = run("-n 4 --example pi --release -p mine 1000");
    assert_eq!(command.programs[0].cargo.target, Some((Target::Example, "pi".into())));
    assert_eq!(command.programs[0].cargo.flags, words("--release --package mine"));
    assert_eq!(command.programs[0].words, words("1000"));
    assert!(error("-n 4 --release prog").contains("--release needs --example NAME or --bin NAME"));
}

#[test]
fn errors_say_what_and_what_to_do() {
    for (text, part) in [
        ("-n 0 prog", "-n 0: a job has at least 1 rank"),
        ("-n abc prog", "-n abc: not a number of ranks"),
        ("-n -3 prog", "-n -3: not a number of ranks"),
        ("-n 5000 prog", "at most 1024"),
        ("-n 1000 a : -n 1000 b", "2000 ranks: at most 1024"),
        ("-n", "-n needs a value: N"),
        ("-n 4", "no program given; write"),
        ("-n 4 --bind-to ./prog", "no program given: --bind-to takes ./prog as its value; write"),
        ("-n 4 -launcher prog", "no program given: -launcher takes prog as its value"),
        ("--mca btl prog", "no program given: --mca takes prog as its value"),
        ("-genv A prog", "no program given: -genv takes prog as its value"),
        ("--bind-to core -n 4", "no program given; write"),
        ("--bind-to=core --oversubscribe", "no program given; write"),
        ("true : --wdir prog", "no program given in part 2 of 2: --wdir takes prog as its value"),
        ("", "no program given"),
        ("a :", "part 2 of 2"),
        (": a", "part 1 of 2"),
        ("--tagoutput prog", "unknown option --tagoutput; did you mean --tag-output?"),
        ("-timeot 3 prog", "did you mean --timeout?"),
        ("--zzz prog", "unknown option --zzz; --help lists them"),
        ("--timeout soon prog", "--timeout soon: not a number of seconds"),
        ("--timeout 1e19 prog", "not a number of seconds"),
        ("--timeout -1 prog", "not a number of seconds"),
        ("--stdin some prog", "neither a rank nor all nor none"),
        ("--output xml prog", "--output xml: not known"),
        ("-outfile-pattern o.%z prog", "%z is not known"),
        ("-usize many prog", "-usize many: neither a number"),
        (
            "-initial-errhandler none prog",
            "not one of mpi_errors_abort, mpi_errors_are_fatal, mpi_errors_return",
        ),
        ("--grace long prog", "--grace long: not a number of seconds"),
        ("-map-by ppr:0:node prog", "at least 1 rank"),
        ("-configfile", "-configfile needs a value: FILE"),
        ("-configfile f prog", "name none here"),
        ("-x =3 prog", "has no name"),
        ("--quiet=yes prog", "takes no value"),
        ("-genv A", "-genv needs a value"),
    ] {
        assert!(error(text).contains(part), "{text}: {}", error(text));
    }
}

#[test]
fn words_that_mean_another_thing_to_cargo() {
    // Without a target before them they are those of the launchers.
    let command = run("-r file -n 2 prog");
    assert_eq!(command.rank_files, [PathBuf::from("file")]);
    assert_eq!(run("-rf a --rankfile b prog").rank_files, [PathBuf::from("a"), PathBuf::from("b")]);
    let command = run("-profile -n 2 prog");
    assert_eq!(command.programs[0].words, words("prog"));
    let command = run("--example pi -r -profile small");
    assert_eq!(command.programs[0].cargo.flags, words("--release --profile small"));
    assert!(command.rank_files.is_empty());
    let command = run("--release --profile small --bin pi");
    assert_eq!(command.programs[0].cargo.flags, words("--release --profile small"));
}

#[test]
fn options_of_others_that_say_where_output_goes() {
    let command = run(
        "--output tag,dir=/o:nocopy --timestamp-output -merge-stderr-to-stdout -print-all-exitcodes prog",
    );
    assert!(command.tag_output && command.exit_codes && command.output.timestamp && command.output.merge);
    assert!(command.output.copies.is_some_and(|copies| copies.folder && !copies.copy));
    let command = run("-outfile-pattern o.%r --errfile-pattern=e.%r prog");
    assert_eq!(command.output.out.map(|pattern| pattern.of(3, "")), Some("o.3".into()));
    assert_eq!(command.output.error.map(|pattern| pattern.of(3, "")), Some("e.3".into()));
    assert_eq!(run("--output-filename f prog").output.copies, Copies::read(true, "f".as_ref()).ok());
    assert_eq!(run("--stdin all prog").stdin, Stdin::All);
}

#[test]
fn numbers_of_ranks_of_other_launchers() {
    for (text, ranks) in [
        ("-perhost 3 p", Some(3)),
        ("--pernode p", Some(1)),
        ("--map-by ppr:2:node p", Some(2)),
        ("--map-by ppr:2:node:PE=1 -n 4 p", Some(4)),
        ("--map-by core p", None),
    ] {
        assert_eq!(run(text).programs[0].ranks, ranks, "{text}");
    }
    assert_eq!(run("-usize 9 p").universe, Some(9));
    assert_eq!(run("-usize SYSTEM p").universe, None);
    assert_eq!(run("-path /a:/b p").programs[0].path.as_deref(), Some("/a:/b".as_ref()));
    assert_eq!(run("-genvexcl A,B p").environment.pass, Pass::Except(vec!["A".into(), "B".into()]));
}

#[test]
fn what_does_nothing_yet_is_noted() {
    let command =
        run("--bind-to core -report-bindings --bind-to none --prefix /x --tune f --display map -n 2 prog");
    assert_eq!(command.not_yet, ["--bind-to core", "-report-bindings", "--display map"]);
    assert_eq!(command.programs[0].words, words("prog"));
}

fn from_file(text: &str, file: &'static str) -> Result<Request, UsageError> {
    parse_with(words(text), &|path| {
        assert_eq!(path, Path::new("f"));
        Ok(file.to_owned())
    })
}

#[test]
fn programs_of_a_file() {
    for option in ["-configfile", "--app"] {
        let request = from_file(&format!("-l {option} f"), "-n 1 one 'a b'\n# no\n-n 2 -wdir /x two\n");
        let Ok(Request::Run(command)) = request else { panic!("{request:?}") };
        assert!(command.tag_output);
        let ranks: Vec<_> = command.programs.iter().map(|program| program.ranks).collect();
        assert_eq!(ranks, [Some(1), Some(2)]);
        assert_eq!(command.programs[0].words, ["one", "a b"]);
    }
    for (file, part) in [
        ("", "-configfile f: no program in it"),
        ("-n 2\n", "f: line 1: no program given"),
        ("-n 'x", "-configfile f: line 1: a quote"),
        ("-configfile f\n", "a file of programs names no other"),
        ("-zzz\n", "unknown option -zzz"),
    ] {
        let error = from_file("-configfile f", file).expect_err(file);
        assert!(error.0.contains(part), "{file:?}: {error}");
    }
    assert!(error("-configfile f").contains("not read here"));
}

#[test]
fn help_and_version() {
    assert_eq!(parse(words("--help")), Ok(Request::Help));
    assert_eq!(parse(words("-n 4 -V")), Ok(Request::Version));
    assert_ne!(parse(words("prog --help")), Ok(Request::Help));
}

#[test]
fn every_name_once_and_every_listed_option_in_a_group() {
    let mut names: Vec<&str> = OPTIONS.iter().flat_map(|spec| spec.names).copied().collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
    for spec in OPTIONS.iter().filter(|spec| !spec.help.is_empty()) {
        assert_eq!(HELP_GROUPS.iter().filter(|group| group.1.contains(&spec.names[0])).count(), 1);
    }
}

/// Random words, many of them options: whatever they are, parsing ends with an answer.
#[test]
fn random_words_never_panic() {
    use std::os::unix::ffi::OsStringExt;
    let mut state = 0x1234_5678_9abc_def1u64;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let plain = [
        ":", "--", "-", "", "=", "a=b", "4", "0", "-1", "prog", "1e400", "NaN", "-n4", "-n=", "--=", "é",
        "-é=",
    ];
    for _ in 0..50_000 {
        let words: Vec<OsString> = (0..next(8))
            .map(|_| match next(4) {
                0 => plain[next(plain.len())].into(),
                1 => OsString::from_vec((0..next(6)).map(|_| next(256) as u8).collect()),
                _ => {
                    let names = OPTIONS[next(OPTIONS.len())].names;
                    let dashes = ["-", "--", "---"][next(3)];
                    let value = ["", "=", "=3", "=x=y"][next(4)];
                    format!("{dashes}{}{value}", names[next(names.len())]).into()
                }
            })
            .collect();
        let mut file = words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
        file.push_str(["\n", "'", "\"", "\\", "#", " a"][next(6)]);
        if let Ok(Request::Run(command)) = parse_with(words, &|_| Ok(file.clone())) {
            assert!(!command.programs.is_empty());
        }
    }
}
