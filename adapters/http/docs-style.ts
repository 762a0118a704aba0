/** The style sheet of the API page: system fonts, light or dark as the reader's machine is. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ink: #1c2430; --soft: #5b6675; --paper: #fdfdfc; --panel: #f3f4f2; --line: #dfe2df; --link: #0b5cad;
  --get: #1f7a4d; --post: #0b5cad; --put: #8a5a00; --delete: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e3e7ec; --soft: #98a3b1; --paper: #14181d; --panel: #1d232a; --line: #2f3841; --link: #7db7f5;
    --get: #63c793; --post: #7db7f5; --put: #e0b057; --delete: #f2877f;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0; display: grid; grid-template-columns: 17rem minmax(0, 1fr);
  font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; color: var(--ink); background: var(--paper);
}
nav {
  position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem 1rem; font-size: .875rem;
  background: var(--panel); border-right: 1px solid var(--line);
}
nav ul { list-style: none; margin: 0; padding: 0; }
nav li a { display: flex; gap: .5rem; align-items: baseline; padding: .2rem .4rem; border-radius: 4px; color: inherit; text-decoration: none; }
nav li a:hover, nav li a:focus-visible { background: var(--line); }
nav .brand { margin: 0 .4rem; font-size: 1.15rem; font-weight: 700; }
nav .brand a { color: inherit; text-decoration: none; }
nav .group { margin: 1.25rem .4rem .25rem; font-size: .72rem; font-weight: 600; letter-spacing: .08em; text-transform: uppercase; color: var(--soft); }
small { color: var(--soft); font-weight: 400; }
main { max-width: 60rem; width: 100%; padding: 2.5rem clamp(1rem, 4vw, 3.5rem) 6rem; }
h1 { margin: 0 0 .5rem; font-size: 2.1rem; letter-spacing: -.02em; }
h2 { margin: 3.5rem 0 .25rem; padding-bottom: .35rem; font-size: 1.5rem; border-bottom: 2px solid var(--ink); }
h3 { margin: 0 0 .5rem; font-size: 1.2rem; }
h4 { margin: 1.5rem 0 .4rem; font-size: .8rem; letter-spacing: .06em; text-transform: uppercase; color: var(--soft); }
#answers h3 { margin-top: 2rem; font-family: ui-monospace, 'SF Mono', Menlo, Consolas, monospace; font-size: 1rem; }
.lead { color: var(--soft); margin-top: .25rem; }
a { color: var(--link); }
article { padding: 2rem 0; border-bottom: 1px solid var(--line); }
.route { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; margin: 0 0 .75rem; font-size: 1.05rem; }
.route code { background: none; padding: 0; overflow-wrap: anywhere; }
.method { flex: none; width: 3.4rem; font: 700 .68rem/1.6 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; letter-spacing: .03em; color: var(--ink); }
.route .method { width: auto; padding: .1rem .5rem; border: 1px solid currentColor; border-radius: 4px; font-size: .75rem; }
.get { color: var(--get); } .post { color: var(--post); } .put { color: var(--put); } .delete { color: var(--delete); }
code, pre { font-family: ui-monospace, 'SF Mono', Menlo, Consolas, monospace; font-size: .86em; }
code { padding: .1em .3em; border-radius: 4px; background: var(--panel); overflow-wrap: anywhere; }
pre { margin: .75rem 0; padding: .9rem 1rem; overflow-x: auto; line-height: 1.5; border: 1px solid var(--line); border-radius: 8px; background: var(--panel); }
pre code { padding: 0; background: none; overflow-wrap: normal; font-size: .82rem; }
.table { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th { text-align: left; font-size: .75rem; font-weight: 600; color: var(--soft); }
th, td { padding: .45rem .75rem .45rem 0; vertical-align: top; border-bottom: 1px solid var(--line); }
td:first-child { min-width: 9rem; white-space: nowrap; }
td:has(> .status) { width: 4.5rem; min-width: 0; }
td em { font-style: normal; font-size: .72rem; color: var(--delete); white-space: nowrap; }
.bounds { color: var(--soft); font-size: .82rem; overflow-wrap: anywhere; }
.status { font: 600 .85rem ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
.s2, .s3 { color: var(--get); } .s4 { color: var(--put); } .s5 { color: var(--delete); }
.errors { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin: 0; font-size: .9rem; }
.errors a { text-decoration: none; }
code:target { background: color-mix(in srgb, var(--put) 22%, transparent); }
details { margin-top: .75rem; }
summary { cursor: pointer; font-size: .85rem; color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
@media (max-width: 52rem) {
  body { display: block; }
  nav { position: static; height: auto; max-height: 50vh; border-right: 0; border-bottom: 1px solid var(--line); }
}
@media (max-width: 40rem) {
  table, tbody, tr, td { display: block; }
  thead { display: none; }
  tr { padding: .6rem 0; border-bottom: 1px solid var(--line); }
  td { padding: .1rem 0; border: 0; overflow-wrap: anywhere; }
  td:first-child { white-space: normal; }
  td:empty { display: none; }
  td:has(> .status) { width: auto; }
}
`;
