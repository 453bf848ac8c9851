//! The table of options: every name, what it takes, what it says in the help.

/// What an option does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Opt {
    Ranks,
    PerHost,
    Folder,
    Export,
    GlobalVariable,
    LocalVariable,
    GlobalList,
    LocalList,
    GlobalNone,
    LocalNone,
    GlobalAll,
    LocalAll,
    Tag,
    Quiet,
    NoDeadlockNotice,
    Timeout,
    Grace,
    Universe,
    InitialErrhandler,
    Stdin,
    Hosts,
    HostFile,
    Example,
    Bin,
    CargoFlag,
    CargoValue,
    /// Accepted because scripts for other launchers say it; nothing here needs it.
    Unneeded,
    /// Accepted likewise, and the user is told that it does nothing yet.
    NotYet,
    MapBy,
    OnePerHost,
    ConfigFile,
    RankFile,
    Path,
    GlobalExcept,
    LocalExcept,
    Output,
    OutputFolder,
    OutFile,
    ErrFile,
    Timestamp,
    Merge,
    ExitCodes,
    Help,
    Version,
}

/// How many words follow an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// None.
    Nothing,
    /// One.
    One,
    /// Two, or one in the form NAME=VALUE.
    Two,
}

impl Takes {
    /// As a number.
    pub fn count(self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

/// One option.
#[derive(Debug)]
pub struct Spec {
    /// Its names without dashes, the one for the help first.
    pub names: &'static [&'static str],
    /// What it does.
    pub opt: Opt,
    /// How many words follow.
    pub takes: Takes,
    /// What the value is, for the help and for "needs a value".
    pub value: &'static str,
    /// A line for the help; empty: not listed.
    pub help: &'static str,
}

const fn spec(
    names: &'static [&'static str],
    opt: Opt,
    takes: Takes,
    value: &'static str,
    help: &'static str,
) -> Spec {
    Spec { names, opt, takes, value, help }
}

use Opt::*;
use Takes::*;

/// All options.
pub const OPTIONS: &[Spec] = &[
    spec(&["n", "np", "c"], Ranks, One, "N", "number of ranks; absent: one for each usable CPU"),
    spec(&["wdir", "wd", "dir", "d"], Folder, One, "FOLDER", "run in this folder"),
    spec(&["stdin"], Stdin, One, "RANK|all|none", "which rank reads standard input, or all; absent: rank 0"),
    spec(&["example"], Example, One, "NAME", "build this cargo example, then run it"),
    spec(&["bin"], Bin, One, "NAME", "build this cargo binary, then run it"),
    spec(&["package", "p"], CargoValue, One, "PACKAGE", "for cargo"),
    spec(&["features", "F"], CargoValue, One, "FEATURES", "for cargo"),
    spec(&["release", "r"], CargoFlag, Nothing, "", "for cargo"),
    spec(&["profile"], CargoValue, One, "PROFILE", "for cargo"),
    spec(&["manifest-path"], CargoValue, One, "FILE", "for cargo"),
    spec(&["x"], Export, One, "VAR[=VALUE]", "set a variable in all ranks"),
    spec(&["genv"], GlobalVariable, Two, "VAR VALUE", "the same"),
    spec(&["env"], LocalVariable, Two, "VAR VALUE", "set a variable for this program alone"),
    spec(&["genvlist"], GlobalList, One, "VAR,VAR", "pass on these variables, no others"),
    spec(&["genvnone"], GlobalNone, Nothing, "", "pass on no variables"),
    spec(&["envlist"], LocalList, One, "VAR,VAR", ""),
    spec(&["envnone"], LocalNone, Nothing, "", ""),
    spec(&["genvall"], GlobalAll, Nothing, "", ""),
    spec(&["envall"], LocalAll, Nothing, "", ""),
    spec(
        &["tag-output", "l", "prepend-rank", "label"],
        Tag,
        Nothing,
        "",
        "begin each line of output with its rank: [2] ...",
    ),
    spec(
        &["timeout"],
        Timeout,
        One,
        "SECONDS",
        "end the job after this time, exit code 110 (also MPIEXEC_TIMEOUT)",
    ),
    spec(
        &["grace"],
        Grace,
        One,
        "SECONDS",
        "from a signal to the end by force; absent: 5 (also RANKS_GRACE)",
    ),
    spec(&["usize"], Universe, One, "N", "what MPI_UNIVERSE_SIZE says; absent: the usable CPUs"),
    spec(
        &["initial-errhandler"],
        InitialErrhandler,
        One,
        "NAME",
        "what errors do at first: mpi_errors_ and abort, are_fatal or return",
    ),
    spec(&["quiet", "q"], Quiet, Nothing, "", "no report when a rank fails"),
    spec(
        &["no-deadlock-notice"],
        NoDeadlockNotice,
        Nothing,
        "",
        "no roll-call when no rank can go on (also RANKS_NO_DEADLOCK_NOTICE)",
    ),
    spec(&["host", "hosts", "hostlist", "H"], Hosts, One, "HOST,...", "names and addresses of this machine"),
    spec(&["hostfile", "machinefile", "f"], HostFile, One, "FILE", "the same in a file"),
    spec(
        &["ppn", "N", "npernode", "perhost"],
        PerHost,
        One,
        "N",
        "ranks a machine: as -n, unless that is given too",
    ),
    spec(&["pernode"], OnePerHost, Nothing, "", "as -ppn 1"),
    spec(
        &["map-by", "mapby"],
        MapBy,
        One,
        "ppr:N:node",
        "as -ppn N; other ways of mapping change nothing here",
    ),
    spec(
        &["rankfile", "rf"],
        RankFile,
        One,
        "FILE",
        "how many ranks, as `rank 0=HOST slot=0` says (also -r FILE)",
    ),
    spec(
        &["configfile", "app"],
        ConfigFile,
        One,
        "FILE",
        "a program with its options on each line, in place of `:`",
    ),
    spec(&["path"], Path, One, "FOLDER:...", "look for this program here before PATH"),
    spec(&["genvexcl"], GlobalExcept, One, "VAR,VAR", "pass on all variables but these"),
    spec(&["envexcl"], LocalExcept, One, "VAR,VAR", ""),
    spec(&["output"], Output, One, "LIST", "tag, timestamp, merge, dir=FOLDER[:nocopy], file=NAME[:nocopy]"),
    spec(
        &["output-filename"],
        OutputFolder,
        One,
        "FOLDER",
        "copy output to FOLDER/1/rank.N/stdout and stderr",
    ),
    spec(&["outfile-pattern"], OutFile, One, "NAME", "write output to files: %r rank, %h host, %g and %p 0"),
    spec(&["errfile-pattern"], ErrFile, One, "NAME", "the same for standard error"),
    spec(&["timestamp-output"], Timestamp, Nothing, "", "begin each line of output with the time"),
    spec(&["merge-stderr-to-stdout"], Merge, Nothing, "", "write standard error where standard output goes"),
    spec(&["print-all-exitcodes"], ExitCodes, Nothing, "", "say how each rank has ended"),
    spec(&["help", "h", "?"], Help, Nothing, "", "this text"),
    spec(&["version", "V"], Version, Nothing, "", "the version"),
    // Unneeded here: more ranks than CPUs and root are fine, and ranks are not bound to CPUs.
    spec(
        &[
            "oversubscribe",
            "nooversubscribe",
            "allow-run-as-root",
            "use-hwthread-cpus",
            "bynode",
            "byslot",
            "bycore",
            "report-state-on-timeout",
            "noprefix",
            "nolocal",
            "novm",
            "order-nodes",
            "leave-session-attached",
            "debug",
            "verbose",
            "v",
        ],
        Unneeded,
        Nothing,
        "",
        "",
    ),
    spec(
        &[
            "rank-by",
            "launcher",
            "launcher-exec",
            "bootstrap",
            "rmk",
            "iface",
            "prefix",
            "tune",
            "am",
            "personality",
            "rankmap",
            "topolib",
            "nameserver",
            "localhost",
            "demux",
            // All processes of a job start, and all are of one architecture.
            "soft",
            "arch",
            "memory-alloc-kinds",
        ],
        Unneeded,
        One,
        "X",
        "",
    ),
    spec(
        &[
            "report-bindings",
            "display-map",
            "display-allocation",
            "get-stack-traces",
            "disable-auto-cleanup",
            "enable-recovery",
        ],
        NotYet,
        Nothing,
        "",
        "",
    ),
    spec(&["bind-to", "bindto", "cpu-set", "cpu-list", "membind", "display"], NotYet, One, "X", ""),
    spec(&["mca", "gmca", "prtemca", "pmixmca"], Unneeded, Two, "KEY VALUE", ""),
];

/// The help's headings, each with the first names of its options.
pub const HELP_GROUPS: &[(&str, &[&str])] = &[
    ("Job", &["n", "wdir", "stdin", "timeout", "grace", "usize", "initial-errhandler", "configfile", "path"]),
    (
        "Output",
        &[
            "tag-output",
            "timestamp-output",
            "merge-stderr-to-stdout",
            "output",
            "output-filename",
            "outfile-pattern",
            "errfile-pattern",
            "print-all-exitcodes",
            "quiet",
            "no-deadlock-notice",
        ],
    ),
    ("Building first", &["example", "bin", "package", "features", "release", "profile", "manifest-path"]),
    ("Environment", &["x", "genv", "env", "genvlist", "genvexcl", "genvnone"]),
    ("Machines", &["host", "hostfile", "rankfile", "ppn", "pernode", "map-by"]),
    ("About", &["help", "version"]),
];

/// The option of a name without dashes.
pub fn find(name: &str) -> Option<&'static Spec> {
    OPTIONS.iter().find(|spec| spec.names.contains(&name))
}

/// Hydra's own `-profile`, a word alone.
const PROFILE: Spec = spec(&["profile"], Unneeded, Nothing, "", "");

/// The option of a word that means another thing to cargo: here no cargo target has been named, so the other is meant.
pub fn without_target(word: &str) -> Option<&'static Spec> {
    match word {
        "-r" | "--r" => find("rankfile"),
        "-profile" => Some(&PROFILE),
        _ => None,
    }
}

/// A name as it is written: one letter behind one dash, and so are -np and its like; others behind two.
pub fn written(name: &str) -> String {
    if name.len() <= 2 { format!("-{name}") } else { format!("--{name}") }
}
