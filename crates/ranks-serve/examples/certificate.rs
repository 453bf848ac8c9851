//! A certificate that signed itself, and its key, for trying TLS on this machine: for localhost, 127.0.0.1 and ::1.
//!
//! ```text
//! certificate CERT.pem KEY.pem
//! ranks serve DIR --tls-cert CERT.pem --tls-key KEY.pem
//! ranks fetch --cacert CERT.pem https://localhost:8080/
//! ```

use std::process::ExitCode;

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let files: Vec<String> = std::env::args().skip(1).collect();
    let [certificate, key] = &files[..] else {
        eprintln!("certificate CERT.pem KEY.pem: the two files to write");
        return Ok(ExitCode::from(2));
    };
    let made = rcgen::generate_simple_self_signed(names)?;
    std::fs::write(certificate, made.cert.pem())?;
    std::fs::write(key, made.signing_key.serialize_pem())?;
    Ok(ExitCode::SUCCESS)
}
