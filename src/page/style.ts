/** Light where nothing else is asked for; print is always light. */
const light = `--paper:#fbfaf7;--card:#fff;--ink:#1d1b18;--soft:#5e5a52;--line:#e6e2d9;--firm:#cbc5b8;
--ok:#1c6a44;--wait:#8a5200;--bad:#a3271c;--edit:#693e9e;--link:#1b568a;
--s0:#1b568a;--s1:#a5480f;--s2:#3f7320;--s3:#86398b;--s4:#736000;--s5:#00706a`

const dark = `--paper:#151412;--card:#1d1c19;--ink:#ebe7df;--soft:#a9a398;--line:#302d28;--firm:#4a463e;
--ok:#7fcaa0;--wait:#e4b566;--bad:#f29185;--edit:#c4aaf0;--link:#90c2ea;
--s0:#8abced;--s1:#f0a472;--s2:#a3cf7c;--s3:#dd9be0;--s4:#dcc860;--s5:#6ccdc4`

const base = `*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 Inter,ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;font-feature-settings:"tnum","cv05";overflow-wrap:anywhere}
header,main,footer{max-width:76rem;margin:0 auto;padding:0 1.5rem}
header{padding-top:3.5rem}
h1{font-size:2.1rem;line-height:1.15;letter-spacing:-.025em;font-weight:650;margin:.1rem 0 .5rem}
h2{font-size:1.35rem;line-height:1.25;letter-spacing:-.015em;font-weight:640;margin:3.5rem 0 1rem}
h3{font-size:1rem;font-weight:640;margin:2.25rem 0 .75rem}
h4,h5{font-size:.9rem;font-weight:600;margin:1rem 0 .4rem}
p{margin:0 0 .4rem}
ul,ol{list-style:none;margin:0;padding:0}
a{color:var(--link);text-underline-offset:.18em;text-decoration-thickness:1px}
:focus-visible{outline:2px solid var(--link);outline-offset:3px;border-radius:3px}
code,pre,.file,svg text{font-family:"JetBrains Mono",ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-variant-ligatures:none}
code,.file{font-size:.9em}
pre{margin:.4rem 0;padding:.6rem .8rem;background:var(--card);border:1px solid var(--line);border-radius:6px;font-size:.8rem;line-height:1.45;white-space:pre-wrap}
.over{color:var(--soft);font-size:.85rem;margin:0}
.soft{color:var(--soft)}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.icon,.mark{width:1em;height:1em;flex:none;vertical-align:-.13em;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;font-size:.95rem}
.skip{position:absolute;left:-99rem}.skip:focus{left:1.5rem;top:1rem}
footer{padding:4rem 1.5rem 3rem;color:var(--soft);font-size:.85rem}`

const colours = `.ok,.icon.is-applied{color:var(--ok)}
.wait,.is-pending,.is-out-of-order,.icon.is-running{color:var(--wait)}
.bad,.is-missing-file,.icon.is-failed,.icon.is-drift{color:var(--bad)}
.is-edited,.icon.is-back{color:var(--edit)}
.icon.is-unread{color:var(--soft)}
${[0, 1, 2, 3, 4, 5].map((index) => `.s${index}{color:var(--s${index})}`).join('')}
.series{fill:currentColor;stroke:currentColor;stroke-width:1.2}`

const overview = `.cards{display:grid;align-items:start;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:1rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.15rem;font-size:.9rem}
.card h3{margin:0 0 .15rem;font-size:1.05rem}.card p{margin:0}
.verdict{font-weight:560;margin-bottom:.5rem!important}
.problem{margin-top:.6rem;padding-top:.6rem;border-top:1px solid var(--line)}
.scroll{overflow-x:auto;border-radius:10px}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th{text-align:left;font-weight:500}
td,th{padding:.5rem .9rem .5rem 0;vertical-align:top}
thead th{font-weight:600;border-bottom:1px solid var(--firm);white-space:nowrap}
tbody td,tbody th{border-top:1px solid var(--line)}
tbody tr:first-child>*{border-top:0}
.matrix .group th{padding-top:1.6rem;font-weight:640;font-size:1rem}
.matrix .group a{color:inherit}
.matrix td{white-space:nowrap;position:relative;padding-left:1.5em;padding-right:1.4rem}.matrix td>.icon{position:absolute;left:0;margin-top:.28em}
.cell{display:inline-block;line-height:1.35}.cell strong{font-weight:560;display:block}
.cell>time,.cell>.soft,.cell>.bad{display:block}.cell .soft,.cell .bad{font-size:.82rem}
.matrix .file{position:sticky;z-index:1;left:0;background:var(--paper);min-width:14rem}
.where{display:none;font-size:.78rem;font-weight:600;color:var(--soft)}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}`

const databases = `.database{border-top:1px solid var(--firm);margin-top:4rem}
.database h2{margin-top:1.5rem}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;font-size:.85rem;margin-bottom:.6rem}
.durations td,.durations th{padding:0 .9rem 0 0;vertical-align:middle;border:0}
.durations .number,.durations th:last-child{padding-right:0;text-align:right}
.durations th:first-child{width:34%}
.durations thead th{border-bottom:1px solid var(--line)}
.plot{display:block;width:100%;overflow:visible}.plot svg{overflow:visible}
.grid{stroke:var(--line);stroke-width:1}
.bar{fill:currentColor;opacity:.75}caption{text-align:left;font-weight:600;padding:.8rem 0 .3rem}.durations details,.durations p{margin:.2rem 0;font-weight:400}.durations summary{padding:0;margin:0;color:var(--soft);font-weight:400}
.plot text{font-size:11px;fill:var(--soft);font-weight:400}
.drift>li{padding:.35rem 0}.drift>li+li{border-top:1px solid var(--line)}
.drift p{margin:0;font-size:.9rem}.drift details{margin:.3rem 0 0}.drift summary{color:var(--soft);margin:0}.drift ul li{padding:.35rem 0 .35rem 1rem}
.drift .problem{margin:.2rem 0 0;padding:0;border:0}
del,ins{display:block;padding-left:2ch;text-indent:-2ch;text-decoration:none}del{color:var(--bad)}ins{color:var(--ok)}
.run{display:grid;grid-template-columns:9.5rem 1fr;gap:0 1.9rem;position:relative;padding-bottom:1.6rem;font-size:.9rem}
.run::before{content:"";position:absolute;left:10.4rem;top:.55rem;bottom:-.55rem;border-left:1px solid var(--firm)}
.run:last-child::before{bottom:auto;height:.6rem;border-color:transparent}
.run::after{content:"";position:absolute;left:calc(10.4rem - 4px);top:.42rem;width:9px;height:9px;border-radius:50%;background:var(--ok);box-shadow:0 0 0 4px var(--paper)}
.run.failed::after{background:var(--bad);border-radius:1px;transform:rotate(45deg)}
.when{color:var(--soft);white-space:nowrap}
.files li{display:grid;grid-template-columns:1em 1fr;gap:.6rem;padding:.06rem 0}
.files .icon{margin-top:.27em}.files .soft{white-space:nowrap}
.who{font-size:.82rem;margin-top:.25rem}
summary{cursor:pointer;font-size:.9rem;padding:.3rem 0;margin-bottom:.6rem}
figure{margin:0 0 2rem}figcaption{font-size:.9rem;margin-bottom:.5rem}
figure .scroll{background:var(--card);border:1px solid var(--line)}
.diagram{display:block;margin:0 auto}
.diagram text{font-size:12px;fill:var(--ink)}
.diagram .name{font-weight:700}.diagram .type{fill:var(--soft)}
.box{fill:var(--paper);stroke:var(--firm)}.rule{stroke:var(--firm);fill:none}
.edge{fill:none;stroke:var(--soft);stroke-width:1.2;opacity:.75}
.edge:hover{stroke:var(--link);stroke-width:2;opacity:1}
.key path{fill:var(--wait);stroke:var(--wait)}.foreign path{fill:none;stroke:var(--link);stroke-width:1.4}
.names{columns:16rem;font-size:.85rem}`

/** Rows of the matrix become blocks, a line for the file and a cell for each environment below it. */
const blocks = (
  matrix: string,
): string => `${matrix} thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
${matrix},${matrix} tbody{display:block}
${matrix} tr{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.5rem .75rem;padding:.7rem 0;border-top:1px solid var(--line)}
${matrix} tr>*{border:0;padding:0}${matrix} td{padding:0 0 0 1.5em;white-space:normal}${matrix} .where{display:block;margin-left:-1.35rem}${matrix} .file{grid-column:1/-1}
${matrix} .group{border-top:0;padding-bottom:.2rem}${matrix} .group th{padding-top:.9rem;grid-column:1/-1}${matrix} .group+tr{border-top:0;padding-top:.2rem}`

const narrow = `@media(max-width:46rem){header,main{padding:0 1rem}header{padding-top:2rem}footer{padding:3rem 1rem 2rem}
h1{font-size:1.7rem}h2{margin-top:2.75rem}
${blocks('.matrix')}
.durations,.durations caption,.durations tbody,.durations thead{display:block}
.durations tr{display:grid;grid-template-columns:1fr auto;padding:.35rem 0}
.durations td:nth-child(2),.durations thead th:nth-child(2){grid-row:2;grid-column:1/-1}
.durations thead th{border:0;white-space:nowrap}.durations th:first-child{width:auto}
.run{grid-template-columns:1fr;padding-left:1.5rem}.run::before{left:.3rem}.run::after{left:calc(.3rem - 4px)}}`

const print = `@media print{:root{${light};--paper:#fff}html{color-scheme:light}body{font-size:10.5pt}
header,main,footer{max-width:none;padding-left:0;padding-right:0}header{padding-top:0}
*,*::before,*::after{print-color-adjust:exact;-webkit-print-color-adjust:exact}
h2,h3,h4,.legend,figcaption,summary,.group,.drift p:not(:last-child){break-after:avoid}tr,.run,.card,.files li,.drift p,.drift ul li:not(:has(pre>:nth-child(13))){break-inside:avoid}
nav,.skip{display:none}.scroll{overflow:visible}.matrix th{white-space:normal}.matrix .file{min-width:9rem}.diagram{max-width:100%;max-height:24cm;width:auto;height:auto}
figure{break-inside:avoid}.database{margin-top:2rem}a{color:inherit}
details::details-content{content-visibility:visible;block-size:auto}summary{list-style:none}.drift summary{display:none}
${blocks('.many')}
@page{margin:16mm}}`

/** The whole style of the page. */
export const style = [
  `:root{${light}}`,
  `@media(prefers-color-scheme:dark){:root{${dark}}}`,
  base,
  colours,
  overview,
  databases,
  narrow,
  print,
].join('\n')
