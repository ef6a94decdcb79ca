(function () {
  "use strict";
  var rows = Array.prototype.slice.call(document.querySelectorAll("svg.lanes .row"));
  var panel = document.getElementById("panel"), help = document.getElementById("help");
  var walks = JSON.parse(document.getElementById("walks").textContent), cur = -1;

  if (!rows.length || !panel)
    return;
  help.hidden = false;

  /* The last change of the entry that covers gfn, behind row. */
  function entry(run, gfn, level, row) {
    var index = gfn / Math.pow(512, level - 1), found = null;

    walks.forEach(function (w) {
      if (w[0] === run && w[1] <= row && w[2] === level && Number(w[3]) === Math.floor(index))
        found = w;
    });
    return found;
  }

  function walk(row) {
    var reached = {};

    document.querySelectorAll("table.walk tr[data-run]").forEach(function (tr) {
      var run = Number(tr.dataset.run), gfn = Number(tr.dataset.gfn);
      var level = Number(tr.dataset.level), key = run + ":" + gfn;
      var e = reached[key] === false ? null : entry(run, gfn, level, row);

      tr.children[3].textContent = e ? e[4] : "";
      tr.children[4].textContent = e ? e[5] : reached[key] === false ? "not reached" : "never written";
      reached[key] = !!(e && e[6]);
    });
    document.getElementById("walkrow").textContent = row + 1;
    document.getElementById("walkwhy").textContent = "";
  }

  function show(i) {
    var from, table;

    if (i < 0 || i >= rows.length)
      return;
    if (cur >= 0)
      rows[cur].classList.remove("cur");
    cur = i;
    rows[i].classList.add("cur");
    rows[i].scrollIntoView({ block: "nearest" });
    from = document.getElementById("t" + i);
    table = document.createElement("table");
    table.appendChild(document.querySelector("table.steps tr").cloneNode(true));
    table.appendChild(from.cloneNode(true));
    table.lastChild.removeAttribute("id");
    panel.replaceChildren(table);
    panel.hidden = false;
    if (document.getElementById("walkrow"))
      walk(i);
  }

  function seek(step) {
    for (var i = cur + step; i >= 0 && i < rows.length; i += step)
      if (rows[i].classList.contains("differs") || rows[i].classList.contains("breaks")) {
        show(i);
        return;
      }
  }

  /* page.html#r12 is a link to a step. */
  function follow() {
    var at = /^#r(\d+)$/.exec(location.hash);

    if (at)
      show(Number(at[1]));
  }

  window.addEventListener("hashchange", follow);
  follow();
  rows.forEach(function (row, i) { row.addEventListener("click", function () { show(i); }); });
  document.querySelectorAll(".ref[data-row]").forEach(function (dot) {
    dot.addEventListener("click", function () { show(Number(dot.dataset.row)); });
  });
  document.addEventListener("keydown", function (e) {
    if (e.ctrlKey || e.altKey || e.metaKey)
      return;
    switch (e.key) {
    case "j": case "ArrowDown": show(cur + 1); break;
    case "k": case "ArrowUp": show(cur < 0 ? 0 : cur - 1); break;
    case "n": seek(1); break;
    case "p": seek(-1); break;
    case "Home": show(0); break;
    case "End": show(rows.length - 1); break;
    case "Escape": panel.hidden = true; return;
    default: return;
    }
    e.preventDefault();
  });
}());
