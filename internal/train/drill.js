(() => {
'use strict';
const $ = (id) => document.getElementById(id);
const body = document.body.dataset;
const items = Array.from(document.querySelectorAll('.item'));
const answers = [];
let order = [], at = -1, code = '', started = null, seen = 0, spent = 0, looked = false, judged = false, saved = true;

// Order: the same code gives the same order, another code another one.
function numbers(text) {
  let h = 2166136261;
  for (const c of text) h = Math.imul(h ^ c.codePointAt(0), 16777619);
  return () => {
    h = (h + 0x6d2b79f5) | 0;
    let t = Math.imul(h ^ (h >>> 15), 1 | h);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
function shuffled(list, text) {
  const next = numbers(text), out = list.slice();
  for (let i = out.length - 1; i > 0; i--) {
    const k = Math.floor(next() * (i + 1));
    [out[i], out[k]] = [out[k], out[i]];
  }
  return out;
}

// Time counts only while the page can be seen.
function resume() { if (!document.hidden && seen === 0) seen = performance.now(); }
function pause() { if (seen !== 0) { spent += performance.now() - seen; seen = 0; } }
document.addEventListener('visibilitychange', () => { if (at >= 0 && !judged) (document.hidden ? pause : resume)(); });
addEventListener('beforeunload', (e) => { if (!saved) e.preventDefault(); });

function tell(text) { $('said').textContent = text; }
function el(name, text, cls) {
  const e = document.createElement(name);
  if (text !== undefined) e.textContent = text;
  if (cls) e.className = cls;
  return e;
}
function cells(row, list) {
  list.forEach((v, n) => { const td = el(n ? 'td' : 'th', v); if (!n) td.scope = 'row'; row.append(td); });
  return row;
}
function labelled(table) {
  const heads = Array.from(table.querySelectorAll('thead th'), (th) => th.textContent);
  for (const tr of table.tBodies[0].rows) Array.from(tr.cells).forEach((c, n) => { c.dataset.label = heads[n]; });
}

// What an item is stands in the page so that nobody reads it at a glance: JSON,
// each byte turned, in base64.
const known = new Map();
function told(item) {
  if (!known.has(item)) {
    const bytes = Uint8Array.from(atob(item.dataset.told), (c) => c.charCodeAt(0) ^ 0x5a);
    known.set(item, JSON.parse(new TextDecoder().decode(bytes)));
  }
  return known.get(item);
}
function pieces(into, list) {
  for (const p of list || []) {
    if (!p.sign) { into.append(p.text); continue; }
    const e = el('span', p.text, 'sign');
    e.dataset.sign = p.sign;
    e.append(el('sup', p.sign));
    into.append(e);
  }
  return into;
}
function answer(item) {
  const t = told(item), box = item.querySelector('.answer');
  if (t.own) box.append(el('p', 'This retells your own incident, made harmless: details are changed.', 'own'));
  box.append(pieces(el('p'), t.why), el('h4', t.attack ? 'What gave it away' : 'What shows that it is ordinary'));
  const signs = el('ol', undefined, 'signs'), then = el('dl', undefined, 'then');
  for (const s of t.signs) signs.append(pieces(el('li'), s.says));
  for (const [name, list] of [['What to do', t.do], ['Whom to tell', t.tell]]) {
    const row = el('div');
    row.append(el('dt', name), pieces(el('dd'), list));
    then.append(row);
  }
  box.append(signs, then);
  box.hidden = false;
}

$('begin').addEventListener('submit', (e) => {
  e.preventDefault();
  code = $('code').value.trim();
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,23}$/.test(code)) {
    $('code-error').textContent = 'Enter a code of 1 to 24 letters, digits and hyphens.';
    $('code').setAttribute('aria-invalid', 'true');
    $('code').focus();
    return;
  }
  order = shuffled(items, body.drill + ':' + code.toLowerCase());
  started = new Date();
  saved = false;
  $('start').hidden = true;
  $('drill').hidden = false;
  show(0);
});

function show(n) {
  if (at >= 0) order[at].hidden = true;
  at = n; looked = false; judged = false; spent = 0; seen = 0;
  const item = order[n];
  item.hidden = false;
  $('judge').reset();
  $('judge').hidden = false;
  $('onward').hidden = true;
  $('judge-error').textContent = '';
  $('count').textContent = 'Item ' + (n + 1) + ' of ' + order.length;
  $('bar').value = n;
  item.querySelector('.kind').focus();
  scrollTo(0, 0);
  resume();
}

function look() {
  const b = order[at].querySelector('.looker');
  if (!b) return;
  const open = b.getAttribute('aria-expanded') !== 'true';
  b.setAttribute('aria-expanded', String(open));
  b.firstChild.textContent = open ? 'Hide the details ' : 'Look closer ';
  for (const c of order[at].querySelectorAll('.closer')) c.hidden = !open;
  if (open && !judged) { looked = true; tell('Details are shown in the item.'); }
}
for (const b of document.querySelectorAll('.looker')) b.addEventListener('click', look);

$('judge').addEventListener('submit', (e) => {
  e.preventDefault();
  const f = new FormData($('judge'));
  const said = f.get('verdict'), sure = Number(f.get('sure'));
  if (!said || !sure) {
    $('judge-error').textContent = said ? 'Say how sure you are.' : 'Say what you make of it.';
    $(said ? 'sures' : 'verdicts').querySelector('input').focus();
    return;
  }
  pause();
  judged = true;
  const item = order[at], attack = told(item).attack;
  const right = attack === (said === 'suspicious');
  answers.push({
    item: item.dataset.id, topic: item.dataset.topic, attack, said, right, sure,
    seconds: Math.round(spent / 100) / 10, looked,
  });
  item.classList.add('judged', right ? 'right' : 'wrong');
  for (const c of item.querySelectorAll('.closer')) c.hidden = false;
  const l = item.querySelector('.look');
  if (l) l.hidden = true;
  const v = item.querySelector('.verdict');
  v.textContent = (right ? 'Right: ' : 'Not this time: ') + (attack ? 'this is an attack.' : 'this is ordinary.') + ' ' + told(item).title + '.';
  answer(item);
  $('judge').hidden = true;
  $('onward').hidden = false;
  $('next').firstChild.textContent = at + 1 < order.length ? 'Next ' : 'See your results ';
  $('bar').value = at + 1;
  tell(v.textContent);
  v.focus();
});

$('next').addEventListener('click', () => { if (at + 1 < order.length) show(at + 1); else finish(); });

document.addEventListener('keydown', (e) => {
  if (at < 0 || !$('letters').checked || e.ctrlKey || e.metaKey || e.altKey || !$('results').hidden) return;
  const k = e.key.toLowerCase();
  if (judged) {
    if (k === 'n') { e.preventDefault(); $('next').click(); }
    return;
  }
  const pick = (name, n) => { const r = document.getElementsByName(name)[n]; r.checked = true; r.focus(); e.preventDefault(); };
  if (k === 's') pick('verdict', 0);
  else if (k === 'o') pick('verdict', 1);
  else if (k >= '1' && k <= '4' && k.length === 1) pick('sure', Number(k) - 1);
  else if (k === 'l') { e.preventDefault(); look(); }
  else if (k === 'enter' && e.target.tagName !== 'BUTTON') { e.preventDefault(); $('judge').requestSubmit(); }
});

const mean = (list, of) => list.length ? list.reduce((s, a) => s + of(a), 0) / list.length : 0;
const percent = (x) => Math.round(100 * x) + ' %';
const times = (n, one, many) => n + ' ' + (n === 1 ? one : many);

function finish() {
  const secs = Math.round(mean(answers, (a) => a.seconds) * answers.length);
  const attacks = answers.filter((a) => a.attack), plain = answers.filter((a) => !a.attack);
  const caught = attacks.filter((a) => a.right).length, alarms = plain.filter((a) => !a.right).length;
  const right = answers.filter((a) => a.right).length;
  order[at].hidden = true;
  $('drill').hidden = true;
  $('results').hidden = false;
  $('sentence').textContent = 'You caught ' + caught + ' of ' + times(attacks.length, 'attack', 'attacks') + ' and held up ' + alarms + ' of ' + times(plain.length, 'ordinary item', 'ordinary items') + '.';
  for (const [big, small] of [[right + ' of ' + answers.length, 'judged rightly'], [percent(attacks.length ? caught / attacks.length : 0), 'of attacks caught'], [percent(plain.length ? alarms / plain.length : 0), 'of ordinary items held up'], [Math.floor(secs / 60) + ':' + String(secs % 60).padStart(2, '0'), 'minutes in all']]) {
    const card = el('div', undefined, 'card');
    card.append(el('b', big), el('span', small));
    $('cards').append(card);
  }
  const names = new Map(order.map((i) => [i.dataset.topic, i.dataset.topicname]));
  for (const [id, name] of Array.from(names).sort((a, b) => a[1] < b[1] ? -1 : 1)) {
    const t = answers.filter((a) => a.topic === id);
    const of = (list) => list.filter((a) => !a.right).length + ' of ' + list.length;
    $('topics').tBodies[0].append(cells(el('tr'), [name, t.filter((a) => a.right).length + ' of ' + t.length, of(t.filter((a) => a.attack)), of(t.filter((a) => !a.attack)), mean(t, (a) => a.seconds).toFixed(0)]));
  }
  labelled($('topics'));
  calibrate(right);
  review();
  tell('The drill is done. ' + $('sentence').textContent);
  $('results-title').focus();
  scrollTo(0, 0);
}

function calibrate(right) {
  const gap = mean(answers, (a) => a.sure) / 100 - right / answers.length;
  const points = Math.round(Math.abs(gap) * 100);
  $('calibration-sentence').textContent = points < 5 ? 'You were about as right as you were sure: that is how it should be.' :
    gap > 0 ? 'You were ' + points + ' points surer than you were right. When unsure, ask: asking costs less.' :
      'You were ' + points + ' points less sure than you were right: trust your eye.';
  const ns = 'http://www.w3.org/2000/svg';
  const svg = (name, at, text) => {
    const e = document.createElementNS(ns, name);
    for (const k in at) e.setAttribute(k, at[k]);
    if (text !== undefined) e.textContent = text;
    return e;
  };
  const x = (v) => 44 + (v - 45) * 4.2, y = (v) => 178 - v * 1.6;
  const s = svg('svg', { viewBox: '0 0 300 216', role: 'img', 'aria-label': 'Said how sure, against how often right; the table beside it has the numbers' });
  s.append(svg('line', { x1: x(50), y1: y(50), x2: x(100), y2: y(100), class: 'ideal' }), svg('line', { x1: 44, y1: y(0), x2: 290, y2: y(0), class: 'axis' }), svg('line', { x1: 44, y1: y(0), x2: 44, y2: y(100), class: 'axis' }));
  for (const v of [0, 50, 100]) s.append(svg('text', { x: 38, y: y(v) + 4, 'text-anchor': 'end' }, v + ' %'));
  for (const v of [50, 70, 85, 99]) s.append(svg('text', { x: x(v), y: y(0) + 16, 'text-anchor': 'middle' }, v + ' %'));
  s.append(svg('text', { x: 167, y: 212, 'text-anchor': 'middle' }, 'how sure you said you were'));
  for (const [v, name] of [[50, 'Guessing'], [70, 'Rather sure'], [85, 'Sure'], [99, 'Certain']]) {
    const t = answers.filter((a) => a.sure === v), ok = t.filter((a) => a.right).length;
    $('calibration').tBodies[0].append(cells(el('tr'), [name + ', ' + v + ' %', String(t.length), t.length ? ok + ' of ' + t.length : '–']));
    if (t.length) s.append(svg('circle', { cx: x(v), cy: y(100 * ok / t.length), r: 4 + 2 * Math.sqrt(t.length) }));
  }
  labelled($('calibration'));
  $('chart').append(s);
}

function review() {
  answers.forEach((a, n) => {
    const item = order[n], d = el('details', undefined, a.right ? 'right' : 'wrong');
    const sum = el('summary');
    sum.append(el('b', a.right ? 'Right' : 'Wrong'), ' ' + told(item).title + ' ', el('span', (a.attack ? 'an attack' : 'ordinary') + '; you said ' + a.said + ', ' + a.sure + ' %', 'soft'));
    item.hidden = false;
    d.append(sum, item);
    $('review').append(d);
  });
}

function result() {
  return {
    format: 'longwatch-drill-results', version: 1, drill: body.drill, role: body.role, seed: body.seed,
    participant: code, started: started.toISOString().slice(0, 19) + 'Z', answers,
  };
}
function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const a = document.createElement('a');
  a.href = url;
  a.download = name;
  document.body.append(a);
  a.click();
  a.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
  saved = true;
  tell(name + ' is saved where your browser puts downloads.');
}
$('save-json').addEventListener('click', () => save('drill-' + code + '.json', 'application/json', JSON.stringify(result(), null, 1) + '\n'));
$('save-csv').addEventListener('click', () => {
  const r = result();
  const rows = [['participant', 'role', 'drill', 'started', 'n', 'item', 'topic', 'truth', 'said', 'right', 'sure', 'seconds', 'looked_closer']];
  answers.forEach((a, n) => rows.push([r.participant, r.role, r.drill, r.started, n + 1, a.item, a.topic, a.attack ? 'attack' : 'ordinary', a.said, a.right, a.sure, a.seconds, a.looked]));
  save('drill-' + code + '.csv', 'text/csv', rows.map((row) => row.join(',')).join('\r\n') + '\r\n');
});
$('print').addEventListener('click', () => print());
})();
