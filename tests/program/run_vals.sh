#!/usr/bin/env bash
# The inner set in the results file and in what reads it: only where a job has one; selection inflation; what is marked as chosen on the reported set.
cd "$(dirname "$0")/../.." && . tests/lib.sh
cellsweep=$BUILD/cellsweep
few_cells 8 10
small_sweep "$TMP/few" 16 <<'END'
clusters: [[8, 10]]
protocol: [holdout]
strategy: [none, oversample]
inner: [none, {share: 0.25}]
seed: [1, 2, 3]
END
check "a sweep with inner sets is run" run 2 "$TMP/r.h5"
"$cellsweep" export "$TMP/r.h5" --table jobs -o "$TMP/jobs.csv"
"$cellsweep" export "$TMP/r.h5" --table predictions -o "$TMP/p.csv"
"$cellsweep" export "$TMP/r.h5" --table confusion -o "$TMP/c.csv"
check "and reported" "$cellsweep" report "$TMP/r.h5" -o "$TMP/report"
/usr/bin/python3 - "$TMP" <<'END' && ok "jobs with an inner set have val everywhere, the others nowhere" || not_ok "val of jobs is wrong"
import csv, sys, collections
read = lambda name: list(csv.DictReader(open(f"{sys.argv[1]}/{name}")))
jobs = read("jobs.csv")
assert len(jobs) == 12
has = {j["job"]: j["inner"] != "none" for j in jobs}
assert sum(has.values()) == 6
sets, cells = collections.defaultdict(list), collections.Counter()
for row in read("p.csv"):
    sets[row["job"], row["set"]].append(row["image"])
for row in read("c.csv"):
    cells[row["job"], row["set"]] += int(row["count"])
for j in jobs:
    job = j["job"]
    val, test = sets[job, "val"], sets[job, "test"]
    assert bool(val) == has[job] == bool(j["val_balanced_accuracy"]) and test and j["test_balanced_accuracy"], job
    assert not set(val) & set(test) and len(val) == cells[job, "val"] and len(test) == cells[job, "test"], job
    assert int(j["n_val"] or 0) == len(val) and (j["leak_val"] == "0") == has[job], job
    assert j["judged_epoch"] == j["epochs_done"] and j["chosen_on"] == "none", job
END
check "selection inflation is against what there is" bash -c "cut -d, -f1-99 '$TMP/report/selection_inflation.csv' | grep -c 'epoch chosen on val' | grep -qx 2 && grep -c 'last epoch' '$TMP/report/selection_inflation.csv' | grep -qx 2"
check "means of val are in the table" bash -c "head -1 '$TMP/report/final.csv' | grep -q 'val_balanced_accuracy_mean' && head -1 '$TMP/report/final.csv' | grep -q 'chosen_on'"
check "and its curves beside the figures" grep -lq 'val_loss' "$TMP"/report/*_oversample.tsv

# Without an inner set the file has no place for one.
sed -i '/^ *inner:/d' "$TMP/s.yaml"
check "a sweep without is run" run 1 "$TMP/n.h5"
"$cellsweep" export "$TMP/n.h5" --table jobs -o "$TMP/n.csv"
check "nothing of val is in its tables" bash -c "! head -1 '$TMP/n.csv' | grep -q val"
check "nor in the file" bash -c "h5ls -r '$TMP/n.h5' >'$TMP/ls' && grep -q judged_epoch '$TMP/ls' && ! grep -q val '$TMP/ls'"
sed -i 's/^ *seed:.*/  inner: [none, {share: 0.25}]\n&/' "$TMP/s.yaml"
"$cellsweep" run "$TMP/s.yaml" -o "$TMP/n.h5" >"$TMP/out" 2>&1
check "a grid that grew by inner sets keeps the jobs without" grep -q "6 finished jobs kept, 6 to run" "$TMP/out"
"$cellsweep" export "$TMP/n.h5" --table jobs -o "$TMP/n.csv"
check "and has val of the new ones" bash -c "head -1 '$TMP/n.csv' | grep -q n_val && grep -c ',done,' '$TMP/n.csv' | grep -qx 12"

# Epochs that are chosen: on the inner set, or, when that is allowed, on the very images that are reported, and then it is said.
small_sweep "$TMP/few" 16 <<'END'
clusters: [[8, 10]]
protocol: [holdout]
strategy: [none]
inner: [none, {share: 0.25}]
seed: [1, 2, 3]
END
sed -i 's/^train: .*/train: {epochs: 6, stop: {patience: 2}}\nallow_choice_on_test: true/' "$TMP/s.yaml"
check "jobs that stop early are run" run 1 "$TMP/b.h5"
"$cellsweep" export "$TMP/b.h5" --table jobs -o "$TMP/jobs.csv"
"$cellsweep" export "$TMP/b.h5" --table epochs -o "$TMP/p.csv"
"$cellsweep" report "$TMP/b.h5" -o "$TMP/best" >"$TMP/out" 2>&1
/usr/bin/python3 - "$TMP" <<'END' && ok "each says on what it chose, and its numbers are those of its judged epoch" || not_ok "chosen_on or the judged epoch is wrong"
import csv, sys
read = lambda name: list(csv.DictReader(open(f"{sys.argv[1]}/{name}")))
epochs = {(e["job"], e["epoch"]): e for e in read("p.csv")}
jobs = read("jobs.csv")
assert {(j["inner"] == "none", j["chosen_on"]) for j in jobs} == {(True, "test"), (False, "val")}
for j in jobs:
    assert 1 <= int(j["judged_epoch"]) <= int(j["epochs_done"])
    assert j["test_balanced_accuracy"] == epochs[j["job"], j["judged_epoch"]]["test_balanced_accuracy"]
for row in read("best/final.csv"):
    of = [float(j["test_balanced_accuracy"]) for j in jobs if j["inner"] == row["inner"]]
    assert abs(sum(of) / len(of) - float(row["test_balanced_accuracy_mean"])) < 1e-6 and row["chosen_on"] == ("test" if row["inner"] == "none" else "val")
END
check "the report warns" grep -q "^Epochs or settings picked on the very images that are reported.*inner none.*: chosen on the reported set" "$TMP/out"
check "the figure says so" noted "Epochs or settings were chosen on the reported set" "$TMP"/best/fig2a_inner=none.gp
check "and where its jobs end, once" bash -c "grep -ch 'Jobs end at their own epochs: .* n = . to epoch' '$TMP'/best/fig2a_inner=*.gp | sort -u | grep -qx 1"
check "with the number of jobs behind its curves" grep -q "(n = 3" "$TMP"/best/fig2a_inner=share*.gp
check "that of the others does not" bash -c "! grep -q 'chosen on the reported set' '$TMP'/best/fig2a_inner=share*.gp"
finish
