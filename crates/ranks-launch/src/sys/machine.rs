//! What this machine is called, and what time it is there.

/// The time of day where we are, as in `2026-01-31T12:00:00.123+0100`.
pub fn local_time() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let seconds = now.as_secs() as libc::time_t;
    // SAFETY: an all-zero tm is valid; the call fills it.
    let mut tm: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: reads and writes locals.
    unsafe { libc::localtime_r(&seconds, &mut tm) };
    let (sign, minutes) = (if tm.tm_gmtoff < 0 { '-' } else { '+' }, tm.tm_gmtoff.abs() / 60);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}{sign}{:02}{:02}",
        tm.tm_year + 1900,
        tm.tm_mon + 1,
        tm.tm_mday,
        tm.tm_hour,
        tm.tm_min,
        tm.tm_sec,
        now.subsec_millis(),
        minutes / 60,
        minutes % 60
    )
}

/// The addresses of this machine's interfaces.
pub fn own_addresses() -> Vec<std::net::IpAddr> {
    let mut found = Vec::new();
    let mut first: *mut libc::ifaddrs = std::ptr::null_mut();
    // SAFETY: the call writes a pointer into a local.
    if unsafe { libc::getifaddrs(&mut first) } != 0 {
        return found;
    }
    let mut next = first;
    while !next.is_null() {
        // SAFETY: the list is ours until it is freed below, and each entry is valid or the end is null.
        let entry = unsafe { &*next };
        next = entry.ifa_next;
        if entry.ifa_addr.is_null() {
            continue;
        }
        // SAFETY: not null, and the family says which kind of address lies there.
        match i32::from(unsafe { (*entry.ifa_addr).sa_family }) {
            libc::AF_INET => {
                // SAFETY: the family says so.
                let address = unsafe { (*entry.ifa_addr.cast::<libc::sockaddr_in>()).sin_addr };
                found.push(std::net::Ipv4Addr::from(u32::from_be(address.s_addr)).into());
            }
            libc::AF_INET6 => {
                // SAFETY: the family says so.
                let address = unsafe { (*entry.ifa_addr.cast::<libc::sockaddr_in6>()).sin6_addr };
                found.push(std::net::Ipv6Addr::from(address.s6_addr).into());
            }
            _ => {}
        }
    }
    // SAFETY: the list that the call above made, freed once.
    unsafe { libc::freeifaddrs(first) };
    found
}

/// This machine's name.
pub fn host_name() -> String {
    let mut name = [0u8; 256];
    // SAFETY: the call writes at most the given length.
    unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len() - 1) };
    let end = name.iter().position(|&b| b == 0).unwrap_or(0);
    String::from_utf8_lossy(&name[..end]).into_owned()
}

/// The process groups in which a process lives that is no zombie.
pub fn live_groups() -> std::collections::HashSet<super::Pid> {
    let mut groups = std::collections::HashSet::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        if !entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit) {
            continue;
        }
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        // Behind the name, which may hold anything: state, parent, group.
        let Some((_, rest)) = stat.rsplit_once(") ") else { continue };
        let mut words = rest.split(' ');
        if !matches!(words.next(), None | Some("Z" | "X")) {
            groups.extend(words.nth(1).and_then(|group| group.parse::<super::Pid>().ok()));
        }
    }
    groups
}
