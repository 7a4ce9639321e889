//! `--html`: a page that stands alone, with the counts of a run and its largest changes in a table to sort and search.

use std::fmt::Write;

use super::header::Provenance;
use super::maps::HitMap;
use super::summary::Counts;
use super::top::Top;
use crate::number;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/table.js");

/// The text of the page.
pub(super) fn page(
    sample: &str,
    counts: &Counts,
    top: &Top,
    maps: &[HitMap],
    provenance: &Provenance,
) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>POLARIS: {0}</title>\n<style>{STYLE}</style></head>\n\
         <body><h1>POLARIS: {0}</h1>\n<p>{1} records, {2} alternate alleles: {3} scored, {4} skipped.</p>\n",
        escaped(sample),
        counts.records,
        counts.alleles,
        counts.scored,
        counts.skipped()
    );
    push_bars(counts, &mut page);
    push_table(top, maps, &mut page);
    push_maps(top, maps, &mut page);
    push_provenance(provenance, &mut page);
    page + &format!("<script>{SCRIPT}</script></body></html>\n")
}

fn push_bars(counts: &Counts, page: &mut String) {
    page.push_str("<table class=\"bars\">\n");
    for (name, count) in [("scored", counts.scored)].into_iter().chain(counts.by_reason()) {
        let thousandths = (count * 1000).checked_div(counts.alleles).unwrap_or(0);
        push(
            page,
            format_args!(
                "<tr><th>{name}</th><td class=\"number\">{count}</td><td><span class=\"bar\" style=\"width:{}.{}em\"></span></td></tr>\n",
                thousandths * 30 / 1000,
                thousandths * 300 / 1000 % 10
            ),
        );
    }
    page.push_str("</table>\n");
}

fn push_table(top: &Top, maps: &[HitMap], page: &mut String) {
    let hits = top.hits();
    push(
        page,
        format_args!(
            "<h2>Largest changes</h2>\n<p>The {} alleles whose binding probability changes most, each with the model and strand \
             where it does. Click on a column to sort by it.</p>\n\
             <p><input id=\"search\" type=\"search\" placeholder=\"Search: gene, model, id, position\" size=\"40\"> \
             <span id=\"shown\"></span></p>\n<table id=\"hits\"><thead><tr>",
            hits.len()
        ),
    );
    for (column, numeric) in [
        ("contig", false),
        ("position", true),
        ("id", false),
        ("ref", false),
        ("alt", false),
        ("gene", false),
        ("strand", false),
        ("model", false),
        ("P(ref)", true),
        ("P(alt)", true),
        ("delta", true),
        ("|delta|", true),
        ("quantile", true),
    ] {
        push(page, format_args!("<th{}>{column}</th>", if numeric { " class=\"number\"" } else { "" }));
    }
    page.push_str("</tr></thead><tbody>\n");
    for (number, hit) in hits.iter().enumerate() {
        page.push_str("<tr>");
        push(page, format_args!("<td>{}</td>", escaped(&hit.contig)));
        let position1 = hit.position1;
        match maps.iter().any(|map| map.hit == number) {
            true => push(page, format_args!("<td><a href=\"#map{number}\">{position1}</a></td>")),
            false => push(page, format_args!("<td>{position1}</td>")),
        }
        for text in [&hit.id, &hit.reference, &hit.alternate, &hit.gene] {
            push(page, format_args!("<td>{}</td>", escaped(text)));
        }
        for text in [&hit.strand, &hit.model] {
            push(page, format_args!("<td>{}</td>", escaped(text)));
        }
        let quantile = hit.quantile.map(number::text).unwrap_or_default();
        let numbers =
            [hit.ref_probability, hit.alt_probability, hit.delta, hit.delta.abs()].map(number::text);
        for text in numbers.iter().chain([&quantile]) {
            push(page, format_args!("<td class=\"number\">{text}</td>"));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table>\n");
}

fn push_maps(top: &Top, maps: &[HitMap], page: &mut String) {
    if maps.is_empty() {
        return;
    }
    push(
        page,
        format_args!(
            "<h2 id=\"maps\">Maps</h2>\n<p>Which bases the model looks at around the first {} of them, on the transcribed \
             strand: of the reference, of the alternate, and the difference.</p>\n",
            maps.len()
        ),
    );
    for (map, hit) in maps.iter().filter_map(|map| Some((map, top.hits().get(map.hit)?))) {
        push(
            page,
            format_args!(
                "<figure id=\"map{}\"><figcaption>{}:{} {}&gt;{}, {} ({}), {}</figcaption>\n{}</figure>\n",
                map.hit,
                escaped(&hit.contig),
                hit.position1,
                escaped(&hit.reference),
                escaped(&hit.alternate),
                escaped(&hit.gene),
                escaped(&hit.strand),
                escaped(&hit.model),
                map.svg
            ),
        );
    }
}

fn push_provenance(provenance: &Provenance, page: &mut String) {
    page.push_str("<h2>Run</h2>\n<table class=\"run\">\n");
    for (name, value) in [
        ("version", provenance.version),
        ("command", &provenance.command),
        ("models", &provenance.models.to_string()),
        ("digest of the models", &provenance.model_digest),
        ("assembly", &provenance.assembly),
        ("digest of the reference", &provenance.reference_digest),
        ("device", &provenance.device),
        ("digest of all models of the servers", provenance.model_set_digest.as_deref().unwrap_or("not told")),
    ] {
        push(page, format_args!("<tr><th>{name}</th><td>{}</td></tr>\n", escaped(value)));
    }
    page.push_str("</table>\n");
}

fn push(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a text does not fail.
    let _ = page.write_fmt(text);
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, letter| {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            letter => out.push(letter),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::super::top::Hit;
    use super::*;

    #[test]
    fn what_comes_from_outside_is_text() {
        let mut top = Top::default();
        top.add(Hit {
            contig: "chr1".into(),
            position1: 5,
            id: "<script>alert(1)</script>".into(),
            reference: "A".into(),
            alternate: "C".into(),
            gene: "A&B".into(),
            strand: "+".into(),
            model: "QKI.K562".into(),
            ref_probability: 0.5,
            alt_probability: 0.25,
            delta: -0.25,
            quantile: Some(0.5),
        });
        let provenance = Provenance {
            version: "0.1.0",
            command: "score \"x\"".into(),
            models: 1,
            model_digest: String::new(),
            assembly: String::new(),
            reference_digest: String::new(),
            device: String::new(),
            model_set_digest: None,
            shard: None,
        };
        let maps = [HitMap { hit: 0, svg: "<svg></svg>".into() }];
        let page = page("a<b", &Counts::default(), &top, &maps, &provenance);
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !page.contains("<script>alert"));
        assert!(page.contains("A&amp;B") && page.contains("POLARIS: a&lt;b"));
        assert!(page.contains(
            "<td class=\"number\">-0.25</td><td class=\"number\">0.25</td><td class=\"number\">0.5</td></tr>"
        ));
        assert!(page.contains("<td><a href=\"#map0\">5</a></td>"));
        assert!(page.contains("chr1:5 A&gt;C, A&amp;B (+), QKI.K562</figcaption>\n<svg></svg></figure>"));
        // Nothing is fetched from elsewhere.
        assert!(!page.contains("http"));
    }
}
