export const CSS = `:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #ffffff; --ink: #1a1d23; --quiet: #545b66; --line: #d5d9e0; --edge: #7b8491;
  --accent: #1f4fbf; --on-accent: #ffffff; --accent-soft: #e8eefc;
  --bad: #b3261e; --bad-soft: #fdecea; --on-bad: #ffffff; --good: #176639; --good-soft: #e6f4ea;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171c; --card: #1d2128; --ink: #e8eaee; --quiet: #a7aeba; --line: #343a45; --edge: #7d8693;
    --accent: #8fb4ff; --on-accent: #0d1628; --accent-soft: #222d45;
    --bad: #ff9a92; --bad-soft: #3a2020; --on-bad: #2a0b09; --good: #86d7a3; --good-soft: #1a3022;
  }
}
*, ::before, ::after { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); overflow-wrap: break-word; }
a { color: var(--accent); text-underline-offset: .15em; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.15rem; line-height: 1.3; margin: 0 0 .75rem; }
h3 { font-size: 1rem; margin: 0 0 .35rem; }
p, dl, ul { margin: 0 0 1rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: .25rem; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .5rem 1rem; z-index: 1; }
.bar { background: var(--card); border-bottom: 1px solid var(--line); }
.bar > div { max-width: 64rem; margin: 0 auto; padding: .6rem 1rem; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; align-items: center; }
.brand { font-weight: 700; color: var(--ink); text-decoration: none; margin-right: auto; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; align-items: center; }
nav a { display: inline-block; padding: .4rem 0; text-decoration: none; }
nav a:hover { text-decoration: underline; }
nav [aria-current] { color: var(--ink); font-weight: 600; box-shadow: 0 2px 0 var(--accent); }
main { max-width: 64rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
main.narrow { max-width: 28rem; padding-top: 8vh; }
main > nav { margin: -.25rem 0 1.25rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; margin: 0 0 1.25rem; }
.narrow .card { padding: 1.5rem; }
.card > :last-child, .card form:last-child > :last-child { margin-bottom: 0; }
.columns { display: grid; gap: 0 1.25rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); align-items: start; }
.field { margin: 0 0 1rem; }
label, legend { display: block; font-weight: 600; margin: 0 0 .25rem; padding: 0; }
.hint, .quiet { color: var(--quiet); font-size: .9rem; }
.hint { margin: 0 0 .35rem; }
input:not([type=checkbox]), select { width: 100%; min-height: 2.75rem; padding: .5rem .7rem; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--edge); border-radius: .4rem; }
input[aria-invalid=true] { border: 2px solid var(--bad); }
.error { color: var(--bad); font-weight: 600; margin: 0 0 .35rem; }
fieldset { border: 0; margin: 0 0 1rem; padding: 0; min-width: 0; }
.choice { display: flex; gap: .6rem; align-items: baseline; font-weight: 400; padding: .35rem 0; margin: 0; }
.choice input { width: 1.15rem; height: 1.15rem; flex: none; accent-color: var(--accent); align-self: center; }
button, .button { display: inline-block; min-height: 2.75rem; padding: .55rem 1.1rem; font: inherit; font-weight: 600; text-decoration: none; text-align: center; cursor: pointer; color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent); border-radius: .4rem; }
button:hover, .button:hover { filter: brightness(1.08); }
.narrow form > button { width: 100%; }
.second { color: var(--accent); background: transparent; border-color: var(--edge); }
.danger { color: var(--on-bad); background: var(--bad); border-color: var(--bad); }
.second.danger { color: var(--bad); background: transparent; }
.plain { min-height: 0; padding: .4rem 0; background: none; border: 0; color: var(--accent); font-weight: 400; }
.plain:hover { text-decoration: underline; }
.actions { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; margin: 0; }
.links { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 0 0 1rem; }
.notice, .summary { border-radius: .6rem; padding: .8rem 1rem; margin: 0 0 1.25rem; border: 1px solid; }
.notice { background: var(--good-soft); border-color: var(--good); }
.summary { background: var(--bad-soft); border-color: var(--bad); }
.summary h2 { font-size: 1rem; margin: 0 0 .25rem; }
.summary ul { margin: 0; padding-left: 1.2rem; }
.summary a { color: var(--bad); }
.list { list-style: none; margin: 0 0 1rem; padding: 0; }
.list > li { display: flex; flex-wrap: wrap; gap: .5rem 1rem; justify-content: space-between; align-items: center; padding: .75rem 0; border-top: 1px solid var(--line); }
.list > li:first-child { border-top: 0; padding-top: 0; }
.list > li > div { flex: 1 1 14rem; min-width: 0; }
.tag { display: inline-block; font-size: .8rem; font-weight: 600; padding: .05rem .5rem; border-radius: 1rem; background: var(--accent-soft); color: var(--ink); margin: 0 .25rem .15rem 0; }
.tag.bad { background: var(--bad-soft); color: var(--bad); }
.tag.good { background: var(--good-soft); color: var(--good); }
dl { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: .35rem 1rem; }
time { white-space: nowrap; }
dt { color: var(--quiet); }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
code { font: .85em ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; font-size: .95rem; }
th, td { text-align: left; vertical-align: top; padding: .55rem .75rem .55rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { border-top: 0; color: var(--quiet); font-size: .85rem; font-weight: 600; white-space: nowrap; }
.filter { display: grid; gap: 0 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 11rem), 1fr)); align-items: end; }
.card form.filter { margin-bottom: -1rem; }
.card form.filter > .actions { margin-bottom: 1rem; }
.challenge { min-height: 65px; margin: 0 0 1rem; }
@media (max-width: 40rem) {
  main { padding-top: 1rem; }
  main.narrow { padding-top: 1rem; }
  table, tbody, tr, th, td { display: block; }
  thead { position: absolute; left: -999rem; }
  tr { padding: .6rem 0; border-top: 1px solid var(--line); }
  tbody tr:first-child { border-top: 0; padding-top: 0; }
  th, td { border: 0; padding: .1rem 0; }
  td[data-label]::before { content: attr(data-label) ": "; color: var(--quiet); }
}
`

// Which stylesheet it is, by FNV-1a: its address changes with it, and it may be kept for good.
export const VERSION = [...CSS]
  .reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x01000193), 0x811c9dc5 | 0)
  .toString(36)
  .replace('-', 'n')

export const STYLESHEET_URL = `/pages.css?v=${VERSION}`
