//! A picture of a job: its course above, how long the largest hosts took below.

use std::fmt::Write;

use super::summary::Summary;

const WIDTH: f64 = 860.0;
const LEFT: f64 = 240.0;
const RIGHT: f64 = 830.0;
const COURSE: (f64, f64) = (70.0, 230.0);
const ROW: f64 = 20.0;

const STYLE: &str = "text{font-family:sans-serif;font-size:11px;fill:#333}.head{font-size:16px;font-weight:bold}\
    .title{font-size:13px;font-weight:bold}.ok{fill:#1f6fb4}.bad{fill:#c8402f}.span{stroke:#1f6fb4;stroke-width:7;\
    stroke-opacity:.3}.dot{fill:#1f6fb4}.grid{stroke:#ddd}.back{fill:#fff}\
    @media(prefers-color-scheme:dark){text{fill:#e6edf3}.ok,.dot{fill:#58a6ff}.bad{fill:#ff7b72}\
    .span{stroke:#58a6ff;stroke-opacity:.4}.grid{stroke:#30363d}.back{fill:#0d1117}}";

/// The picture as SVG, in light or dark colours as the reader's browser prefers.
pub(super) fn picture(summary: &Summary) -> String {
    let hosts = summary.largest_hosts();
    let height = COURSE.1 + 100.0 + ROW * hosts.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\">\n\
         <style>{STYLE}</style>\n<rect class=\"back\" width=\"{WIDTH}\" height=\"{height}\"/>\n"
    );
    let line = summary.line();
    let (head, rest) = line.split_once("; ").unwrap_or((&line, ""));
    text(&mut svg, (16.0, 24.0), "head", "start", head);
    text(&mut svg, (16.0, 42.0), "", "start", rest);
    timeline(&mut svg, summary);
    times(&mut svg, summary);
    svg.push_str("</svg>\n");
    svg
}

/// Records a second over time; errors in another colour.
fn timeline(svg: &mut String, summary: &Summary) {
    let (slice, rates) = summary.timeline.rates();
    let (top, bottom) = COURSE;
    let most = rates.iter().map(|rate| rate.0).fold(1e-9, f64::max);
    text(svg, (16.0, top + 12.0), "title", "start", "records a second");
    text(svg, (16.0, top + 28.0), "", "start", "red: with an error");
    for (share, y) in [(1.0, top), (0.5, (top + bottom) / 2.0), (0.0, bottom)] {
        rule(svg, (LEFT, y), (RIGHT, y), "grid");
        text(svg, (LEFT - 6.0, y + 4.0), "", "end", &format!("{:.0}", most * share));
    }
    let width = (RIGHT - LEFT) / rates.len().max(1) as f64;
    for (index, (all, failed)) in rates.iter().enumerate() {
        let x = LEFT + index as f64 * width;
        for (class, rate) in [("ok", all), ("bad", failed)] {
            let height = rate / most * (bottom - top);
            if height > 0.0 {
                let y = bottom - height;
                writeln!(svg, "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.2}\" height=\"{height:.1}\"/>")
                    .unwrap_or(());
            }
        }
    }
    text(svg, (LEFT, bottom + 16.0), "", "start", "0 s");
    text(svg, (RIGHT, bottom + 16.0), "", "end", &format!("{:.1} s", slice * rates.len() as f64));
}

/// A row for each host: a dot at the median, a band to p99, on a logarithmic axis.
fn times(svg: &mut String, summary: &Summary) {
    let top = COURSE.1 + 60.0;
    text(svg, (16.0, top - 14.0), "title", "start", "time for a URL, by host");
    text(svg, (LEFT, top - 14.0), "", "start", "dot: median; band: to p99; axis logarithmic");
    let hosts = summary.largest_hosts();
    let all = || hosts.iter().filter(|(_, host)| host.times.longest() > 0.0);
    let least = all().map(|(_, host)| host.times.percentile(0.5)).fold(f64::MAX, f64::min).max(1e-6) / 1.5;
    let most = all().map(|(_, host)| host.times.percentile(0.99)).fold(least * 4.0, f64::max) * 1.5;
    let x = |seconds: f64| {
        LEFT + (seconds.max(least) / least).ln() / (most / least).ln() * (RIGHT - LEFT - 110.0)
    };
    for (index, (name, host)) in hosts.iter().enumerate() {
        let y = top + ROW * (index as f64 + 0.5);
        let mut shown: String = name.chars().take(30).collect();
        if shown.len() < name.len() {
            shown.push('\u{2026}');
        }
        text(svg, (16.0, y + 4.0), "", "start", &shown);
        if host.times.longest() == 0.0 {
            text(svg, (LEFT, y + 4.0), "", "start", "no answer");
            continue;
        }
        let (median, p99) = (host.times.percentile(0.5), host.times.percentile(0.99));
        rule(svg, (x(median), y), (x(p99), y), "span");
        writeln!(svg, "<circle class=\"dot\" cx=\"{:.1}\" cy=\"{y:.1}\" r=\"3.5\"/>", x(median))
            .unwrap_or(());
        let figures = format!("{} / {}", shortly(median), shortly(p99));
        text(svg, (RIGHT, y + 4.0), "", "end", &figures);
    }
}

fn shortly(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}

fn rule(svg: &mut String, from: (f64, f64), to: (f64, f64), class: &str) {
    let ((x1, y1), (x2, y2)) = (from, to);
    writeln!(svg, "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>")
        .unwrap_or(());
}

fn text(svg: &mut String, (x, y): (f64, f64), class: &str, anchor: &str, words: &str) {
    let words: String = words
        .chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            c if c.is_control() => "\u{fffd}".to_owned(),
            c => c.to_string(),
        })
        .collect();
    writeln!(svg, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{words}</text>")
        .unwrap_or(());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Visit;
    use crate::record::Record;
    use std::time::Duration;

    #[test]
    fn hosts_and_course_are_drawn_and_names_cannot_break_out() {
        let mut summary = Summary::default();
        assert!(picture(&summary).ends_with("</svg>\n"));
        for (i, url) in ["http://a/", "http://<script>&/"].into_iter().enumerate() {
            let elapsed = Duration::from_millis(20 + 400 * i as u64);
            let visit = Visit { status: Some(200), elapsed, ..Visit::default() };
            summary.count(&Record::new(1, url.into(), visit));
            summary.timeline.add(elapsed, i == 1);
        }
        let svg = picture(&summary);
        assert!(svg.contains("&lt;script&gt;&amp;") && !svg.contains("<script"));
        assert_eq!(svg.matches("<circle").count(), 2);
        assert!(svg.contains("class=\"bad\"") && !svg.contains("NaN"));
        assert!(
            svg.contains("prefers-color-scheme:dark") && !svg.contains("fill=\"#"),
            "a colour that no style changes"
        );
    }
}
