# SPDX-License-Identifier: MIT
# Prints the lab's outcomes as tables, and writes the captured logs with their labels.
import pathlib
import statistics

from measure import said_first


def share(part, whole):
    return f"{part}/{whole}" + (f" ({100 * part / whole:.0f}%)" if whole else "")


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)] if ordered else float("nan")


def by_name(outcomes):
    names = {}
    for outcome in outcomes:
        names.setdefault((outcome.role, outcome.name), []).append(outcome)
    return names


def fault_rows(outcomes):
    print("| role | fault | found | median delay, s | alerts | guilty first | grep | new template | remark |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for (role, name), group in by_name(outcomes).items():
        delays = [o.delay for o in group if o.delay is not None]
        delay = f"{statistics.median(delays):.1f}" if delays else "-"
        remark = group[0].marks
        if not any(o.lines or o.silent for o in group):
            remark = ", ".join(filter(None, [remark, "no guilty line was logged"]))
        print(f"| {role} | {name} | {sum(o.found for o in group)}/{len(group)} | {delay} | "
              f"{statistics.mean(len(o.alerts) for o in group):.1f} | {sum(o.guilty_first for o in group)}/{len(group)} | "
              f"{sum(o.grep for o in group)}/{len(group)} | {sum(o.new_template for o in group)}/{len(group)} | {remark} |")


def confounder_rows(outcomes):
    print("| role | confounder | alerts at HIGH or worse | grep | new template | first alert |")
    print("| --- | --- | --- | --- | --- | --- |")
    for (role, name), group in by_name(outcomes).items():
        alerts = [a for o in group for a in o.alerts]
        text = said_first(alerts[0])[:70].replace("|", "\\|") if alerts else ""
        print(f"| {role} | {name} | {len(alerts)} | {sum(o.grep for o in group)}/{len(group)} | "
              f"{sum(o.new_template for o in group)}/{len(group)} | {text} |")


def summary(outcomes, quiet_alerts, quiet_hours):
    faults = [o for o in outcomes if o.fault]
    rest = [o for o in outcomes if not o.fault]
    found = [o for o in faults if o.found]
    seen = [o for o in faults if not o.marks.count("held out")]
    kept = [o for o in faults if o.marks.count("held out")]
    print("| measure | value |")
    print("| --- | --- |")
    print(f"| faults found at HIGH or worse | {share(len(found), len(faults))} |")
    print(f"| of those held out of tuning | {share(sum(o.found for o in kept), len(kept))}; the others {share(sum(o.found for o in seen), len(seen))} |")
    print(f"| guilty line first in the text | {share(sum(o.guilty_first for o in found), len(found))} |")
    if found:
        print(f"| alerts a fault that was found | {statistics.mean(len(o.alerts) for o in found):.2f} |")
        delays = [o.delay for o in found]
        print(f"| delay, median and 95th percentile | {statistics.median(delays):.1f} s, {percentile(delays, 0.95):.1f} s |")
    print(f"| late alerts, about an earlier fault | {sum(o.stray for o in outcomes)} |")
    print(f"| confounders that stayed quiet | {share(sum(not o.found for o in rest), len(rest))} |")
    print(f"| alerts in quiet time | {quiet_alerts} in {quiet_hours:.2f} h live |")
    print(f"| grep on error words: faults found, confounders quiet | {share(sum(o.grep for o in faults), len(faults))}, "
          f"{share(sum(not o.grep for o in rest), len(rest))} |")
    print(f"| new template only: faults found, confounders quiet | {share(sum(o.new_template for o in faults), len(faults))}, "
          f"{share(sum(not o.new_template for o in rest), len(rest))} |")


def capture(directory, host, outcomes):
    """A log and a labels file a source and run: LINE,LABEL, as `alogctl eval --by line` takes them."""
    out = pathlib.Path(directory) / f"{host.role.name}-{host.seed}"
    out.mkdir(parents=True, exist_ok=True)
    for path in host.role.logs:
        name = path.strip("/").replace("/", "-")
        rows = [(line, label) for o in outcomes for p, line, label in o.labelled if p == path]
        (out / name).write_text("".join(line + "\n" for line, _ in rows))
        (out / f"{name}.labels.csv").write_text(
            "line,label\n" + "".join(f"{n},{label}\n" for n, (_, label) in enumerate(rows, 1)))
