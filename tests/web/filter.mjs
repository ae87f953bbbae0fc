/* filter.mjs - the filter of the page is that of --filter: node filter.mjs
 * Every row is a filter over the jobs below, and the numbers of those that it chooses, by the grammar of results/store/filter.h. */
import assert from "node:assert/strict";
import { filterOf, jobKeys, valueText } from "../../results/web/src/filter.js";
import { check, failed } from "./results.mjs";

const clusters = ["14-15", "14-15", '"Monozyt, aktiviert"-Große', "1-27"];
const sweep = {
  jobs: { clusters, strategy: ["none", "borderline-smote", "augment+reweight", "none"], protocol: ["holdout", "kfold:5", "kfold:5x2", "tail"], model: ["cnn", "resnet-8", "cnn", "vit"], seed: [1, 2, 10, 1], fold: [0, 1, 2, 0], repeat: [0, 0, 1, 0], key: ["a", "b", "c", "d"], state: ["done", "done", "failed", "done"], axis: [["0.001", "0.1", "", "1000"]] },
  doc: { axes: [{ name: "train.learning_rate" }] },
};
const chosen = (text) => { const matches = filterOf(sweep, text); return [0, 1, 2, 3].filter(matches).join(""); };

await check("filters choose what --filter does", () => {
  const rows = [
    ["clusters=14-15", "01"], ["clusters=14+15", "01"], ["clusters=1-*", "3"], ["clusters=1*", "013"], ['clusters="Monozyt, aktiviert"-Große', "2"], ["clusters=*Große", "2"],
    ["strategy=borderline-smote", "1"], ["strategy=augment+reweight", "2"], ["strategy=*smote|augment*", "12"], ["strategy!=none", "12"], ["model=res*", "1"],
    ["protocol=kfold", "12"], ["protocol=kfold:5", "1"], ["seed=1..5", "013"], ["seed<=2", "013"], ["seed>2", "2"], ["train.learning_rate=1e-3", "0"], ["train.learning_rate=-", "2"], ["train.learning_rate=-|0.1", "12"], ["train.learning_rate>0.01", "13"],
    ["seed=1,clusters=14-15", "0"], [" seed = 1 , strategy = none ", "03"], ["seed=1,", "03"], ["", "0123"], ["strategy=n.ne", ""], ["strategy=(none", ""], ["strategy=[", ""], ["strategy=\\", ""],
  ];
  for (const [text, want] of rows) assert.equal(chosen(text), want, text);
});

await check("values are those of the document that there is now", () => {
  const live = { ...sweep, jobs: { ...sweep.jobs, state: ["waiting", "waiting", "waiting", "waiting"] } };
  const keys = jobKeys(live);
  live.jobs = sweep.jobs;
  assert.deepEqual([keys.get("state")(2), keys.get("train.learning_rate")(1)], ["failed", "0.1"]);
});

await check("a value that is chosen from a list is found again, whatever letters it has", () => {
  const hard = ["none", "", "14-15", '"Monozyt, aktiviert"-Große', "a,b", "a|b=c*", "1..5", "<img src=x onerror=alert(1)>", 'say "a, b', "(a+b)[c]", "ø".repeat(10000), "\u202eevil", "__proto__", "a\\b"];
  hard.forEach((value, at) => {
    const one = { jobs: { ...sweep.jobs, axis: [hard] }, doc: sweep.doc };
    const matches = filterOf(one, `train.learning_rate=${valueText(value)}`);
    assert.ok(matches(at), value.slice(0, 40));
    assert.equal(hard.filter((_, j) => matches(j)).length, 1, value.slice(0, 40));
  });
});

await check("no filter takes for ever", () => {
  const long = { jobs: { ...sweep.jobs, strategy: ["a".repeat(10000), "", "", ""] }, doc: sweep.doc };
  assert.equal(filterOf(long, `strategy=${"*a".repeat(30)}*b`)(0), false);
});

await check("what is no filter is said", () => {
  for (const text of ["strategy", "strategy none", "nothing=1", "seed<x", 'clusters="a']) assert.throws(() => filterOf(sweep, text), Error, text);
});
process.exit(failed() ? 1 : 0);
