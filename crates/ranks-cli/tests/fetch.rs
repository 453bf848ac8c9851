//! `ranks fetch` as a whole: files it writes, its exit status, and going on after a kill. `timeout` is the watchdog.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use ranks_fetch::sample::Site;
use rusqlite::Connection;

fn command(words: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    command.arg("120").arg(env!("CARGO_BIN_EXE_ranks")).arg("fetch").args(words);
    for variable in ["RANKS_JOB", "RANKS_RANK", "RANKS_SIZE", "http_proxy", "all_proxy"] {
        command.env_remove(variable);
    }
    command
}

fn fetch(words: &[&str]) -> Output {
    command(words).output().unwrap()
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder that is removed with its content.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("fetch-test-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// How many records each line has, and that each is a whole one.
fn lines(file: &str) -> BTreeMap<u64, usize> {
    let mut lines = BTreeMap::new();
    if file.ends_with(".db") {
        let connection = Connection::open(file).unwrap();
        let mut rows = connection.prepare("SELECT line FROM records WHERE url != '' AND bytes >= 0").unwrap();
        let found = rows.query_map([], |row| row.get::<_, i64>(0)).unwrap();
        found.for_each(|line| *lines.entry(line.unwrap() as u64).or_default() += 1);
        return lines;
    }
    let text = std::fs::read_to_string(file).unwrap();
    let csv = file.ends_with(".csv");
    assert!(!csv || text.starts_with("line,url,status,") && text.matches("line,url").count() == 1);
    for record in text.lines().skip(usize::from(csv)) {
        let line = match csv {
            true => {
                assert_eq!(record.matches(',').count(), 9, "{record}");
                record.split(',').next().unwrap().parse().unwrap()
            }
            false => {
                serde_json::from_str::<serde_json::Value>(record).expect(record)["line"].as_u64().unwrap()
            }
        };
        *lines.entry(line).or_default() += 1;
    }
    lines
}

fn kill(child: &mut Child) {
    // `timeout` runs it in its own group, being its leader.
    let pid = rustix::process::Pid::from_child(child);
    let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    child.wait().unwrap();
}

#[test]
fn killed_anywhere_it_goes_on_and_each_line_has_one_record() {
    use std::os::unix::process::CommandExt;
    let (site, folder) = (Site::start().unwrap(), Folder::new("kill"));
    let mut list = String::new();
    for i in 0..3000 {
        let url = match i % 50 {
            7 => "no url".to_owned(),
            9 => "# a comment".to_owned(),
            11 => site.url("/page/5"),
            _ => site.url(&format!("/slow/{}/{}", i % 40, i % 700)),
        };
        list.push_str(&format!("{url}\n"));
    }
    let urls = folder.path("urls");
    std::fs::write(&urls, list).unwrap();
    for (name, more) in [("a.jsonl", vec![]), ("b.csv", vec!["--ordered"]), ("c.db", vec![])] {
        let (out, state) = (folder.path(name), folder.path(&format!("{name}.state")));
        let mut words = vec!["-n", "2", "-c", "8", "-o", &out, "--checkpoint", &state, &urls];
        words.extend(&more);
        let mut kills = 0;
        for round in 0.. {
            assert!(round < 60, "{name} does not come to an end");
            let mut child = command(&words).stderr(Stdio::null()).process_group(0).spawn().unwrap();
            let end = Instant::now() + Duration::from_millis(fastrand::u64(20..500));
            let last = kills >= 7;
            let code = loop {
                if let Some(status) = child.try_wait().unwrap() {
                    break status.code();
                }
                if !last && Instant::now() >= end {
                    break None;
                }
                std::thread::sleep(Duration::from_millis(5));
            };
            match code {
                Some(code) => {
                    assert_eq!(code, 0, "{name}, after {kills} kills");
                    break;
                }
                None => kill(&mut child),
            }
            kills += 1;
        }
        let lines = lines(&out);
        assert!(
            lines.values().all(|&count| count == 1),
            "{name}, after {kills} kills: a line has two records"
        );
        let missing = (1..=3000).filter(|line| line % 50 != 10 && !lines.contains_key(line)).count();
        assert_eq!((missing, lines.len()), (0, 2940), "{name}, after {kills} kills");
        // Once more: nothing is left to do, and nothing changes.
        let before = std::fs::read(&out).unwrap();
        let again = fetch(&words);
        assert_eq!(again.status.code(), Some(0), "{again:?}");
        assert!(error(&again).contains("2940 records"), "{again:?}");
        assert!(name.ends_with("db") || before == std::fs::read(&out).unwrap());
        // Three times seven points.
        assert_eq!(kills, 7, "{name}: it was too quick to be killed");
    }
}

#[test]
fn a_checkpoint_that_does_not_fit_is_refused() {
    let (site, folder) = (Site::start().unwrap(), Folder::new("fit"));
    let (out, state, urls) = (folder.path("out"), folder.path("state"), folder.path("urls"));
    std::fs::write(&urls, format!("{}\n{}\n", site.url("/page/1"), site.url("/page/2"))).unwrap();
    let words = ["-n", "2", "-o", &out, "--checkpoint", &state, &urls];
    assert_eq!(fetch(&words).status.code(), Some(0));
    // What cannot run leaves the output alone.
    let before = std::fs::read(&out).unwrap();
    assert_eq!(fetch(&["-n", "2", "-o", &out, "/no/such/list"]).status.code(), Some(2));
    assert_eq!(std::fs::read(&out).unwrap(), before);
    std::fs::write(&out, "").unwrap();
    let shorter = fetch(&words);
    assert!(shorter.status.code() == Some(2) && error(&shorter).contains("does not hold"), "{shorter:?}");
    assert_eq!(error(&shorter).matches("does not hold").count(), 1, "{shorter:?}");
    std::fs::write(&state, "nonsense").unwrap();
    let nonsense = fetch(&words);
    assert!(nonsense.status.code() == Some(2) && error(&nonsense).contains("no checkpoint"), "{nonsense:?}");
}

#[test]
fn expectations_decide_the_exit_status() {
    let site = Site::start().unwrap();
    let (good, bad) = (site.url("/page/10"), site.url("/status/404"));
    for n in ["1", "3"] {
        let code = |words: &[&str]| fetch(&[&["-n", n], words].concat()).status.code();
        assert_eq!(code(&["--expect", "status=200", "--expect", "size=10", &good]), Some(0));
        assert_eq!(code(&["--expect", "status=200", &good, &bad]), Some(1));
        assert_eq!(code(&[&good, &bad]), Some(0));
        assert_eq!(code(&["--expect", "text=x", "--head", &good]), Some(2));
    }
    let output = fetch(&["-n", "2", "--expect", "status=200", &good, &bad]);
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(out.contains("\"error\":\"unexpected: status 404\""), "{output:?}");
    // The ranks did what they were to do: one line of summary, and no report of a failure.
    assert_eq!(error(&output).lines().count(), 1, "{output:?}");
}

#[test]
fn bodies_picture_and_table_by_host() {
    let (site, folder) = (Site::start().unwrap(), Folder::new("files"));
    let (save, picture, out) = (folder.path("bodies"), folder.path("p.svg"), folder.path("r.csv"));
    let words = ["-n", "2", "--save", &save, "--picture", &picture, "--by-host", "-o", &out];
    let urls = [
        site.url("/page/10"),
        site.url("/page/20/x.html"),
        site.url("/page/10"),
        site.refused_url("/"),
        "ftp://no.host/".into(),
        "http://no.host:99999/".into(),
    ];
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let output = fetch(&[&words[..], &urls].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(std::fs::read(Path::new(&save).join("1")).unwrap().len(), 10);
    assert_eq!(std::fs::read(Path::new(&save).join("2.html")).unwrap().len(), 20);
    assert!(!Path::new(&save).join("3").exists());
    assert!(std::fs::read_to_string(&picture).unwrap().ends_with("</svg>\n"));
    assert!(error(&output).contains("host (seconds)"), "{output:?}");
    assert!(!error(&output).contains("no.host"), "{output:?}");
    assert!(!std::fs::read_to_string(&picture).unwrap().contains("no.host"));
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.contains("bodies/1") && text.lines().count() == 7, "{text}");
}

/// `no_proxy=*` means that no host is asked through a proxy, as curl has it.
#[test]
fn a_table_in_a_pipe_has_colours_only_if_they_are_forced() {
    let table = |variables: &[(&str, &str)]| {
        let mut command = command(&["--sample", "--format", "table"]);
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        let output = command.env("TERM", "xterm").envs(variables.iter().copied()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(!table(&[]).contains('\x1b'));
    let coloured = table(&[("CLICOLOR_FORCE", "1")]);
    assert!(
        coloured.contains("\x1b[32m   200\x1b[0m") && coloured.contains("\x1b[33m   404\x1b[0m"),
        "{coloured}"
    );
    assert!(!table(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).contains('\x1b'));
}

#[test]
fn no_proxy_can_be_everything() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/\n", server.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in server.incoming() {
            let mut stream = stream.unwrap();
            let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
            let _ = std::io::Write::write_all(
                &mut stream,
                b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
            );
        }
    });
    let folder = Folder::new("no-proxy");
    let list = folder.0.join("list");
    std::fs::write(&list, url).unwrap();
    // Nobody listens there.
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (no_proxy, status) in [("*", "200"), ("", "null"), ("127.0.0.1", "200"), ("example.org", "null")] {
        let mut command = command(&["--retries", "0", list.to_str().unwrap()]);
        for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
            command.env(name, format!("http://{dead}"));
        }
        let output = command.env("no_proxy", no_proxy).env("NO_PROXY", no_proxy).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            text.contains(&format!("\"status\":{status}")),
            "no_proxy={no_proxy}: {text}{}",
            error(&output)
        );
    }
}

/// A file that is read is not written, and no file is written twice, however it is spelt.
#[test]
fn inputs_and_outputs_are_different_files() {
    let (site, folder) = (Site::start().unwrap(), Folder::new("clash"));
    let (list, other) = (folder.path("l.txt"), folder.path("other"));
    let (spelt, soft, hard) = (folder.path("./l.txt"), folder.path("soft"), folder.path("hard"));
    let text = format!("{}\n", site.url("/page/10"));
    std::fs::write(&list, &text).unwrap();
    std::fs::write(folder.path("7.txt"), &text).unwrap();
    std::os::unix::fs::symlink("l.txt", &soft).unwrap();
    std::fs::hard_link(&list, &hard).unwrap();
    let (body, records, place) = (folder.path("7.txt"), folder.path("a.csv"), folder.path(""));
    let again = folder.path("./a.csv");
    let cases: [(&[&str], &str); 11] = [
        (&["-o", &list, &list], "l.txt is an input, and --output would overwrite it"),
        (&["-o", &spelt, &list], "is an input, and --output"),
        (&["-o", &soft, &list], "soft is an input ("),
        (&["-o", &hard, &list], "hard is an input ("),
        (&["--format", "sqlite", "-o", &list, &list], "is an input"),
        (&["--picture", &list, &list], "l.txt is an input, and --picture would overwrite it"),
        (&["-o", &other, "--checkpoint", &list, &list], "l.txt is an input, and --checkpoint"),
        (&["-o", &records, "--picture", &again, &list], "--output and --picture name the same file: "),
        (&["-o", &other, "--checkpoint", &other, &list], "--output and --checkpoint name the same file: "),
        (&["--save", &place, &body], "7.txt: --save "),
        (&["--save", &place, "-o", &folder.path("8"), &list], "8: --save "),
    ];
    for (words, expected) in cases {
        let done = fetch(&[&["-n", "2"], words].concat());
        assert_eq!(done.status.code(), Some(2), "{words:?}: {done:?}");
        assert!(error(&done).contains(expected) && error(&done).lines().count() == 1, "{words:?}: {done:?}");
    }
    // What the shell has opened for us counts too.
    let input = std::fs::File::open(&list).unwrap();
    let done = command(&["-o", &list]).stdin(input).output().unwrap();
    assert!(done.status.code() == Some(2) && error(&done).contains("(standard input)"), "{done:?}");
    // A job alone sees where its standard output goes.
    let own = std::fs::OpenOptions::new().append(true).open(&list).unwrap();
    let done = command(&[&list]).stdout(own).output().unwrap();
    let told = "l.txt is an input, and standard output goes there too";
    assert!(done.status.code() == Some(2) && error(&done).contains(told), "{done:?}");
    for file in [&list, &body] {
        assert_eq!(&std::fs::read_to_string(file).unwrap(), &text);
    }
    assert!(!Path::new(&records).exists() && !Path::new(&other).exists());
    // Different files are no clash.
    let words = ["-o", &records, "--picture", &other, "--save", &folder.path("bodies"), &list];
    assert_eq!(fetch(&words).status.code(), Some(0));
}

/// Ctrl-C: how far the job has come, and how to go on.
#[test]
fn an_interrupt_says_what_is_done() {
    let (site, folder) = (Site::start().unwrap(), Folder::new("interrupt"));
    let (list, out, state) = (folder.path("list"), folder.path("out"), folder.path("state"));
    let slow: Vec<String> = (0..3).map(|i| site.url(&format!("/slow/60000/{i}"))).collect();
    std::fs::write(&list, format!("{}\n{}\n", site.url("/page/1"), slow.join("\n"))).unwrap();
    let more = ["-o", &out, "--checkpoint", &state];
    for (words, how) in [
        (&["-n", "2", "-o", &out][..], "with --checkpoint FILE, the same command could go on"),
        (&[&["-n", "2"][..], &more].concat(), "the same command goes on from there"),
        (&more, "the same command goes on from there"),
    ] {
        let _ = std::fs::remove_file(&out);
        let mut command = command(&[words, &["--timeout", "100", &list]].concat());
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let begun = Instant::now();
        while std::fs::metadata(&out).map_or(0, |data| data.len()) == 0 {
            assert!(begun.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(20));
        }
        let pid = child.id().to_string();
        assert!(Command::new("kill").args(["-s", "INT", &pid]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        let text = error(&output);
        assert_eq!(output.status.code(), Some(130), "{text}");
        let line = format!("ranks fetch: interrupted: 1 of 4 lines are done; {how}");
        assert!(text.contains(&line) && !text.contains("MPI_") && !text.contains("waits in"), "{text}");
    }
}

/// A connection that fails at the proxy says so.
#[test]
fn a_dead_proxy_is_named() {
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let named = format!("connection refused: through the proxy http://{dead}\"");
    let proxy = format!("http://me:secret@{dead}");
    let done = fetch(&["--proxy", &proxy, "http://127.0.0.1:1/"]);
    let out = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(out.contains(&named) && !out.contains("secret"), "{out}");
    let done =
        command(&["http://a.invalid/"]).env("http_proxy", &proxy).env("no_proxy", "").output().unwrap();
    assert!(String::from_utf8_lossy(&done.stdout).contains(&named), "{done:?}");
    let direct = fetch(&["--proxy", "none", &format!("http://{dead}/")]);
    assert!(String::from_utf8_lossy(&direct.stdout).contains("\"connection refused\""), "{direct:?}");
}
