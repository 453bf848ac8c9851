//! `-print-all-exitcodes`: how each rank has ended.

use super::Job;
use crate::report;
use crate::sys::Death;

impl Job<'_> {
    pub(super) fn say_exit_codes(&mut self) {
        if !self.launch.exit_codes {
            return;
        }
        let mut groups: Vec<(Option<Death>, Vec<usize>)> = Vec::new();
        for (number, rank) in self.ranks.iter().enumerate() {
            match groups.iter_mut().find(|group| group.0 == rank.death) {
                Some(group) => group.1.push(number),
                None => groups.push((rank.death, vec![number])),
            }
        }
        let mut text = format!("{}: exit codes:\n", self.launch.name);
        for (death, ranks) in groups {
            let how = match death {
                Some(Death::Exit(code)) => code.to_string(),
                Some(Death::Signal(signal)) => format!("signal {}", report::describe_signal(signal)),
                None => "none".to_owned(),
            };
            text += &format!("  {}: {how}\n", report::rank_list(&ranks));
        }
        self.outputs.say(&text);
    }
}
