//! `[look.*]`: named pictures of the light; and what of the rig stands before them.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Loader;
use super::light::RESERVED;
use crate::show::fault::Fault;
use crate::show::fields::Fields;
use crate::show::{Look, Looks, ParamIx};

impl<'t> Loader<'t> {
    /// Universes, then fixtures on them, then groups of them, then palettes, then looks.
    pub(super) fn rig(&mut self, top: &mut Fields<'t, 't>) {
        let universes = self.universes(top);
        self.fixtures(top, &universes);
        self.fixture_groups(top);
        self.read_palettes(top);
        self.read_looks(top);
    }

    /// `[look.*]`: what stands later in a look wins.
    fn read_looks(&mut self, top: &mut Fields<'t, 't>) {
        for (key, span, node) in self.tables(top, "look") {
            self.subject = format!("look {key}");
            let Some(fields) = Fields::of(node, self.subject.clone(), &mut self.faults) else {
                self.looks.declare(key, None);
                continue;
            };
            let mut values: BTreeMap<ParamIx, u32> = BTreeMap::new();
            let mut order = Vec::new();
            for (name, span, node) in fields.rest() {
                order.extend(self.parts_there(name));
                self.paint(name, span, node, &mut values);
            }
            if self.show.looks == Looks::Whole {
                self.light_masters(&mut values);
                self.rest_shutters(&mut values);
            }
            let needs = self.switch(&span, &mut values, &[]);
            self.looks.declare(key, Some(self.rig.looks.len()));
            self.look_orders.push(order);
            self.rig.looks.push(Look { key: key.into(), values: values.into_iter().collect(), needs });
        }
    }

    /// Names that `light` has for itself.
    pub(super) fn reserved(&mut self, what: &str, key: &str, span: &Range<usize>) {
        if RESERVED.contains(&key) {
            let message = format!("no {what} can be called \"{key}\": light = {{ {key} = … }} means something else");
            self.faults.push(Fault::rule("reserved", span.clone(), message).help("choose another name"));
        }
    }
}
