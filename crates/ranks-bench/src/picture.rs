//! A picture of all rows: a panel for each operation, figures over sizes, both axes logarithmic.
//!
//! ```text
//!   line with dots: medians     band: from the best to p99
//! ```

use crate::operation::Operation;
use crate::report::{Row, figure};
use crate::words::named;
use std::fmt::Write;

const COLUMNS: usize = 3;
const PANEL: (f64, f64) = (400.0, 300.0);
/// Of a panel: left, top, right, bottom.
const MARGIN: (f64, f64, f64, f64) = (66.0, 46.0, 18.0, 44.0);
const HEAD: f64 = 58.0;

const STYLE: &str = "text{font-family:sans-serif;font-size:11px;fill:#333}.title{font-size:14px;font-weight:bold;fill:#111}\
    .head{font-size:17px;font-weight:bold;fill:#111}.grid{stroke:#e4e4e4;stroke-width:1}\
    .frame{fill:none;stroke:#999;stroke-width:1}.band{fill:#1f6fb4;fill-opacity:.16}\
    .line{fill:none;stroke:#1f6fb4;stroke-width:2;stroke-linejoin:round}.dot{fill:#1f6fb4}.back{fill:#fff}\
    @media(prefers-color-scheme:dark){text{fill:#c9d1d9}.title,.head{fill:#f0f6fc}.grid{stroke:#30363d}\
    .frame{stroke:#6e7681}.band{fill:#58a6ff;fill-opacity:.25}.line{stroke:#58a6ff}.dot{fill:#58a6ff}.back{fill:#0d1117}}";

/// The picture as SVG, in light or dark colours as the reader's browser prefers. `header` says on what machine.
pub fn picture(rows: &[Row], header: &str) -> String {
    let operations: Vec<Operation> = Operation::ALL
        .into_iter()
        .filter(|operation| rows.iter().any(|row| row.operation == *operation))
        .collect();
    let columns = operations.len().clamp(1, COLUMNS);
    let lines = operations.len().div_ceil(columns);
    // The header needs some room even over one panel.
    let width = (columns as f64 * PANEL.0).max(760.0);
    let height = HEAD + lines as f64 * PANEL.1;
    let (title, machine) = header.split_once("; ").unwrap_or((header, ""));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <style>{STYLE}</style>\n<rect class=\"back\" width=\"{width}\" height=\"{height}\"/>\n"
    );
    text(&mut svg, (16.0, 26.0), "head", "start", title);
    let explained = "line: median; band: from best to p99, which 99 of 100 batches reach";
    text(&mut svg, (16.0, 46.0), "", "start", &format!("{machine} \u{2014} {explained}"));
    for (index, operation) in operations.iter().enumerate() {
        let at = ((index % columns) as f64 * PANEL.0, HEAD + (index / columns) as f64 * PANEL.1);
        let rows: Vec<&Row> = rows.iter().filter(|row| row.operation == *operation).collect();
        panel(&mut svg, at, *operation, &rows);
    }
    svg.push_str("</svg>\n");
    svg
}

/// An axis: values from the logarithm `least` to `most` onto `from` to `to`.
struct Axis {
    least: f64,
    most: f64,
    from: f64,
    to: f64,
}

impl Axis {
    fn at(&self, value: f64) -> f64 {
        self.from + (value.ln() - self.least) / (self.most - self.least) * (self.to - self.from)
    }

    fn holds(&self, value: f64) -> bool {
        (self.least - 1e-9..=self.most + 1e-9).contains(&value.ln())
    }
}

fn panel(svg: &mut String, (x, y): (f64, f64), operation: Operation, rows: &[&Row]) {
    let unit = operation.unit().name().replace("us", "\u{b5}s");
    let (left, top) = (x + MARGIN.0, y + MARGIN.1);
    let (right, bottom) = (x + PANEL.0 - MARGIN.2, y + PANEL.1 - MARGIN.3);
    text(svg, (left, y + 18.0), "title", "start", operation.name());
    text(svg, (left, y + 36.0), "", "start", &unit);

    // Without sizes there is nothing to draw over.
    if let [Row { bytes: 0, figures, .. }] = rows {
        let [best, median, p99] = [figures.best, figures.median, figures.p99].map(figure);
        text(svg, (left, top + 40.0), "head", "start", &format!("{median} {unit}"));
        text(svg, (left, top + 62.0), "", "start", &format!("best {best}, p99 {p99}"));
        return;
    }

    // A figure of 0 has no logarithm; it would be a clock that stands still.
    let positive = |value: f64| value.max(1e-6);
    let figures = rows.iter().flat_map(|row| [row.figures.best, row.figures.p99]).map(positive);
    let (lowest, highest) = figures.fold((f64::INFINITY, 0.0f64), |(l, h), f| (l.min(f), h.max(f)));
    let sizes = (rows[0].bytes.max(1) as f64, rows[rows.len() - 1].bytes.max(1) as f64);
    let alone = if sizes.0 == sizes.1 { 2.0 } else { 1.0 };
    let across = Axis { least: (sizes.0 / alone).ln(), most: (sizes.1 * alone).ln(), from: left, to: right };
    let upward = Axis { least: (lowest / 1.25).ln(), most: (highest * 1.25).ln(), from: bottom, to: top };

    for (value, label) in size_ticks(&across) {
        let at = across.at(value);
        line(svg, (at, top), (at, bottom));
        text(svg, (at, bottom + 15.0), "", "middle", &label);
    }
    text(svg, ((left + right) / 2.0, bottom + 32.0), "", "middle", "size of a message or part");
    for value in ticks(&upward) {
        let at = upward.at(value);
        line(svg, (left, at), (right, at));
        text(svg, (left - 6.0, at + 4.0), "", "end", &short(value));
    }
    let points = |of: fn(&Row) -> f64| -> Vec<String> {
        let point = |row: &&Row| {
            format!("{:.1},{:.1}", across.at(row.bytes.max(1) as f64), upward.at(positive(of(row))))
        };
        rows.iter().map(point).collect()
    };
    // One size alone has no area.
    if let [row] = rows {
        let at = across.at(row.bytes.max(1) as f64);
        let (from, to) = (upward.at(positive(row.figures.best)), upward.at(positive(row.figures.p99)));
        let _ = writeln!(
            svg,
            "<rect class=\"band\" x=\"{:.1}\" y=\"{:.1}\" width=\"8\" height=\"{:.1}\"/>",
            at - 4.0,
            from.min(to),
            (from - to).abs()
        );
    }
    let mut band = points(|row| row.figures.best);
    band.extend(points(|row| row.figures.p99).into_iter().rev());
    let medians = points(|row| row.figures.median);
    let _ = writeln!(svg, "<polygon class=\"band\" points=\"{}\"/>", band.join(" "));
    let _ = writeln!(svg, "<polyline class=\"line\" points=\"{}\"/>", medians.join(" "));
    for (cx, cy) in medians.iter().filter_map(|point| point.split_once(',')) {
        let _ = writeln!(svg, "<circle class=\"dot\" cx=\"{cx}\" cy=\"{cy}\" r=\"2.5\"/>");
    }
    let (wide, high) = (right - left, bottom - top);
    let _ =
        writeln!(svg, "<rect class=\"frame\" x=\"{left}\" y=\"{top}\" width=\"{wide}\" height=\"{high}\"/>");
}

/// Powers of two, so many that labels do not touch.
fn size_ticks(axis: &Axis) -> Vec<(f64, String)> {
    let all: Vec<u32> = (0..usize::BITS).filter(|&power| axis.holds((1usize << power) as f64)).collect();
    let apart = all.len().div_ceil(6).max(1);
    all.into_iter().step_by(apart).map(|power| ((1usize << power) as f64, named(1 << power))).collect()
}

/// Powers of ten; 2 and 5 of each where those are few.
fn ticks(axis: &Axis) -> Vec<f64> {
    let of = |steps: &[f64]| -> Vec<f64> {
        let decades = (axis.least / 10f64.ln()).floor() as i32..=(axis.most / 10f64.ln()).ceil() as i32;
        let values = decades.flat_map(|decade| steps.iter().map(move |step| step * 10f64.powi(decade)));
        values.filter(|&value| axis.holds(value)).collect()
    };
    let fine = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
    [&[1.0][..], &[1.0, 2.0, 5.0], &fine]
        .into_iter()
        .map(of)
        .find(|ticks| ticks.len() >= 3)
        .unwrap_or_else(|| of(&fine))
}

/// 0.05, 1, 200, 5,000, 1 M.
fn short(value: f64) -> String {
    let (number, unit) = match value {
        v if v >= 0.999e9 => (v / 1e9, " G"),
        v if v >= 0.999e6 => (v / 1e6, " M"),
        v if v >= 0.999e3 => return format!("{},{:03}", v.round() as u32 / 1000, v.round() as u32 % 1000),
        v => (v, ""),
    };
    let digits = if number < 1.0 { (1.0 - number.log10()).ceil() as usize } else { 1 };
    let text = format!("{number:.digits$}");
    format!("{}{unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

fn line(svg: &mut String, from: (f64, f64), to: (f64, f64)) {
    let _ = writeln!(
        svg,
        "<line class=\"grid\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        from.0, from.1, to.0, to.1
    );
}

fn text(svg: &mut String, (x, y): (f64, f64), class: &str, anchor: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\" text-anchor=\"{anchor}\">{words}</text>"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Figures;

    fn row(operation: Operation, bytes: usize, median: f64) -> Row {
        let figures = Figures { best: median / 2.0, median, p99: median * 2.0 };
        Row { operation, bytes, figures, batches: 9, turns: 9 }
    }

    #[test]
    fn a_panel_for_each_operation_with_units() {
        let mut rows: Vec<Row> =
            (0..23).map(|i| row(Operation::Latency, 1 << i, 0.1 * 2f64.powi(i / 2))).collect();
        rows.push(row(Operation::Rate, 8, 5e6));
        rows.push(row(Operation::Barrier, 0, 0.3));
        let svg = picture(&rows, "ranks bench; a <fast> & old machine");
        for part in [
            "latency",
            "rate",
            "barrier",
            "\u{b5}s",
            "messages/s",
            "4 KiB",
            "0.300",
            "&lt;fast&gt; &amp; old",
        ] {
            assert!(svg.contains(part), "{part}: {svg}");
        }
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert_eq!(svg.matches("<circle").count(), 24);
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        assert!(
            svg.contains("prefers-color-scheme:dark") && !svg.contains("fill=\"#"),
            "a colour that no style changes"
        );
    }

    #[test]
    fn figures_of_nothing_still_make_a_picture() {
        for rows in [vec![], vec![row(Operation::Bcast, 1, 0.0)]] {
            let svg = picture(&rows, "none");
            assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }

    #[test]
    fn labels_of_figures() {
        let values = [0.05, 0.001, 1.0, 1.5, 200.0, 5000.0, 20_000.0, 1e6, 2e9];
        assert_eq!(values.map(short), ["0.05", "0.001", "1", "1.5", "200", "5,000", "20,000", "1 M", "2 G"]);
    }
}
