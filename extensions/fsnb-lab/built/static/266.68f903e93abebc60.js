"use strict";(self.rspackChunkfsnb=self.rspackChunkfsnb||[]).push([[266],{646(e,n,r){var o=r(601),a=r.n(o),t=r(314),s=(r.n(t))()(a());s.push([e.id,`/*
 * All colours are JupyterLab's own variables, so that every theme fits. Those of states are drawn towards the text's
 * colour, black or white: by themselves they are too pale to read on a light ground, or too dark on a dark one.
 */

.fsnb-panel {
  --fsnb-good: color-mix(in srgb, var(--jp-success-color1) 55%, var(--jp-ui-font-color0));
  --fsnb-warn: color-mix(in srgb, var(--jp-warn-color1) 50%, var(--jp-ui-font-color0));
  --fsnb-bad: color-mix(in srgb, var(--jp-error-color1) 60%, var(--jp-ui-font-color0));

  min-width: 240px;
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
}

:where(.fsnb-panel) .fsnb-body {
  display: flex;
  flex-direction: column;
  height: 100%;
  overflow: hidden;
}

:where(.fsnb-panel) .fsnb-body p,
:where(.fsnb-panel) .fsnb-body ul,
:where(.fsnb-panel) .fsnb-body ol,
:where(.fsnb-panel) .fsnb-body dl {
  margin: 0;
  padding: 0;
}

:where(.fsnb-panel) .fsnb-body button,
:where(.fsnb-panel) .fsnb-body select,
:where(.fsnb-panel) .fsnb-body input:not([type='checkbox']) {
  box-sizing: border-box;
  min-height: 24px;
  padding: 2px 8px;
  border: 1px solid var(--jp-border-color1);
  border-radius: 3px;
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color1);
  font: inherit;
}

:where(.fsnb-panel) .fsnb-body button {
  cursor: pointer;
}

:where(.fsnb-panel) .fsnb-body button:hover:not(:disabled) {
  background: var(--jp-layout-color2);
}

:where(.fsnb-panel) .fsnb-body button:disabled {
  color: var(--jp-ui-font-color2);
  cursor: default;
}

:where(.fsnb-panel) .fsnb-body :focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: -1px;
}

:where(.fsnb-panel) .fsnb-body button.fsnb-plain {
  min-height: 20px;
  padding: 0 4px;
  border: 0;
  background: none;
  text-align: left;
}

:where(.fsnb-panel) .fsnb-body button.fsnb-plain:hover {
  text-decoration: underline;
}

:where(.fsnb-panel) .fsnb-body button.fsnb-plain[aria-current='true'] {
  font-weight: 600;
}

:where(.fsnb-panel) .fsnb-body button.fsnb-primary {
  border-color: var(--jp-brand-color0, var(--jp-brand-color1));
  color: var(--jp-ui-inverse-font-color1);
  background: var(--jp-brand-color0, var(--jp-brand-color1));
}

:where(.fsnb-panel) .fsnb-body button.fsnb-primary:disabled {
  opacity: 0.5;
}

:where(.fsnb-panel) .fsnb-unseen {
  position: absolute;
  overflow: hidden;
  width: 1px;
  height: 1px;
  clip-path: inset(50%);
  white-space: nowrap;
}

:where(.fsnb-panel) .fsnb-note {
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0, 11px);
}

:where(.fsnb-panel) .fsnb-error {
  color: var(--fsnb-bad);
  overflow-wrap: anywhere;
}

:where(.fsnb-panel) .fsnb-error:empty {
  display: none;
}

/* ---------------------------------------------------------------- which catalog */

:where(.fsnb-panel) .fsnb-header {
  flex: none;
  padding: 8px 8px 0;
}

:where(.fsnb-panel) .fsnb-catalog {
  display: flex;
  gap: 4px;
}

:where(.fsnb-panel) .fsnb-catalog select {
  flex: 1;
  min-width: 0;
  text-overflow: ellipsis;
}

:where(.fsnb-panel) .fsnb-other {
  display: grid;
  grid-template-columns: 1fr auto auto;
  gap: 4px;
  padding-top: 4px;
}

:where(.fsnb-panel) .fsnb-other input {
  min-width: 0;
}

:where(.fsnb-panel) .fsnb-other p {
  grid-column: 1 / -1;
}

/* ---------------------------------------------------------------- tabs, search, facets */

:where(.fsnb-panel) .fsnb-tabs {
  display: flex;
  flex: none;
  padding: 6px 8px 0;
  border-bottom: 1px solid var(--jp-border-color2);
}

:where(.fsnb-panel) .fsnb-body .fsnb-tabs button {
  flex: 1;
  border: 0;
  border-bottom: 2px solid transparent;
  border-radius: 0;
  background: none;
  color: var(--jp-ui-font-color1);
}

:where(.fsnb-panel) .fsnb-body .fsnb-tabs button[aria-selected='true'] {
  border-bottom-color: var(--jp-brand-color1);
  font-weight: 600;
}

:where(.fsnb-panel) .fsnb-tabpanel {
  display: flex;
  flex: 1 1 40%;
  flex-direction: column;
  min-height: 120px;
}

:where(.fsnb-panel) .fsnb-search {
  flex: none;
  padding: 8px 8px 4px;
}

:where(.fsnb-panel) .fsnb-search input {
  width: 100%;
}

:where(.fsnb-panel) .fsnb-facets {
  position: relative;
  display: flex;
  flex: none;
  flex-wrap: wrap;
  gap: 4px;
  align-items: center;
  max-height: 82px;
  padding: 2px 8px 2px 56px;
  overflow-y: auto;
}

:where(.fsnb-panel) .fsnb-facets > .fsnb-note {
  position: absolute;
  top: 6px;
  left: 8px;
}

:where(.fsnb-panel) .fsnb-body button.fsnb-facet {
  overflow: hidden;
  max-width: 140px;
  min-height: 20px;
  padding: 0 8px;
  border-radius: 10px;
  font-size: var(--jp-ui-font-size0, 11px);
  text-overflow: ellipsis;
  white-space: nowrap;
}

:where(.fsnb-panel) .fsnb-body button.fsnb-facet[aria-pressed='true'] {
  border-color: var(--jp-brand-color1);
  box-shadow: inset 0 0 0 1px var(--jp-brand-color1);
  font-weight: 600;
}

/* ---------------------------------------------------------------- tree */

:where(.fsnb-panel) .fsnb-tree {
  flex: 1;
  min-height: 48px;
  margin-top: 4px;
  overflow: auto;
  contain: strict;
}

:where(.fsnb-panel) .fsnb-tree-all {
  position: relative;
}

:where(.fsnb-panel) .fsnb-row {
  position: absolute;
  right: 0;
  left: 0;
  display: flex;
  gap: 6px;
  align-items: center;
  box-sizing: border-box;
  height: 24px;
  padding-right: 8px;
  cursor: pointer;
  white-space: nowrap;
}

:where(.fsnb-panel) .fsnb-level-1 {
  padding-left: 4px;
  font-weight: 600;
}

:where(.fsnb-panel) .fsnb-level-2 {
  padding-left: 18px;
}

:where(.fsnb-panel) .fsnb-level-3 {
  padding-left: 44px;
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
}

:where(.fsnb-panel) .fsnb-row:hover {
  background: var(--jp-layout-color2);
}

:where(.fsnb-panel) .fsnb-row.fsnb-chosen {
  background: var(--jp-layout-color2);
  box-shadow: inset 3px 0 0 var(--jp-brand-color1);
}

:where(.fsnb-panel) .fsnb-tree:focus .fsnb-active {
  box-shadow: inset 0 0 0 1px var(--jp-brand-color1);
}

:where(.fsnb-panel) .fsnb-twisty {
  flex: none;
  width: 14px;
  text-align: center;
}

:where(.fsnb-panel) .fsnb-level-3 .fsnb-twisty {
  display: none;
}

:where(.fsnb-panel) .fsnb-name {
  overflow: hidden;
  flex: 0 1 auto;
  text-overflow: ellipsis;
}

:where(.fsnb-panel) .fsnb-row .fsnb-note {
  overflow: hidden;
  flex: 1 1 0;
  font-weight: normal;
  text-overflow: ellipsis;
}

:where(.fsnb-panel) .fsnb-state {
  flex: none;
  font-weight: 600;
}

:where(.fsnb-panel) .fsnb-state-certified,
:where(.fsnb-panel) .fsnb-good {
  color: var(--fsnb-good);
}

:where(.fsnb-panel) .fsnb-state-changed,
:where(.fsnb-panel) .fsnb-due {
  color: var(--fsnb-warn);
}

:where(.fsnb-panel) .fsnb-state-failed,
:where(.fsnb-panel) .fsnb-state-disagrees,
:where(.fsnb-panel) .fsnb-bad,
:where(.fsnb-panel) .fsnb-breaking {
  color: var(--fsnb-bad);
}

:where(.fsnb-panel) .fsnb-state-unpublished {
  color: var(--jp-ui-font-color2);
  font-weight: normal;
}

/* ---------------------------------------------------------------- empty, loading, error */

:where(.fsnb-panel) .fsnb-fill {
  flex: 1;
  min-height: 0;
  padding: 12px 8px;
}

:where(.fsnb-panel) .fsnb-body .fsnb-empty p {
  margin-bottom: 8px;
}

:where(.fsnb-panel) .fsnb-body p.fsnb-fill {
  padding: 12px 8px;
}

/* ---------------------------------------------------------------- details */

:where(.fsnb-panel) .fsnb-detail {
  display: flex;
  flex: 1 1 60%;
  flex-direction: column;
  min-height: 0;
  border-top: 2px solid var(--jp-border-color1);
}

:where(.fsnb-panel) .fsnb-detail > p {
  padding: 8px;
}

:where(.fsnb-panel) .fsnb-detail-head {
  display: flex;
  flex: none;
  align-items: center;
  padding: 4px 4px 4px 8px;
}

:where(.fsnb-panel) .fsnb-detail-head h2 {
  overflow: hidden;
  flex: 1;
  margin: 0;
  font-size: var(--jp-ui-font-size2);
  font-weight: 600;
  text-overflow: ellipsis;
  white-space: nowrap;
}

:where(.fsnb-panel) .fsnb-scroll {
  flex: 1;
  min-height: 0;
  overflow: auto;
  padding: 0 8px 12px;
}

:where(.fsnb-panel) .fsnb-body .fsnb-scroll > * {
  margin-bottom: 8px;
}

:where(.fsnb-panel) .fsnb-actions {
  display: flex;
  flex-wrap: wrap;
  gap: 4px;
}

:where(.fsnb-panel) .fsnb-even {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(115px, 1fr));
}

:where(.fsnb-panel) .fsnb-body .fsnb-even button {
  padding: 2px 4px;
}

:where(.fsnb-panel) .fsnb-description {
  white-space: pre-line;
  overflow-wrap: anywhere;
}

:where(.fsnb-panel) .fsnb-fact {
  display: grid;
  grid-template-columns: 72px 1fr;
  gap: 6px;
}

:where(.fsnb-panel) .fsnb-fact dt {
  color: var(--jp-ui-font-color2);
}

:where(.fsnb-panel) .fsnb-fact dd {
  margin: 0;
  overflow-wrap: anywhere;
}

:where(.fsnb-panel) .fsnb-fact time {
  white-space: nowrap;
}

:where(.fsnb-panel) .fsnb-part h3 {
  margin: 4px 0;
  padding-bottom: 2px;
  border-bottom: 1px solid var(--jp-border-color2);
  font-size: var(--jp-ui-font-size1);
  font-weight: 600;
}

:where(.fsnb-panel) .fsnb-part ul,
:where(.fsnb-panel) .fsnb-part ol {
  list-style: none;
}

:where(.fsnb-panel) .fsnb-part li {
  overflow-wrap: anywhere;
}

:where(.fsnb-panel) .fsnb-part table {
  width: 100%;
  border-collapse: collapse;
  table-layout: fixed;
}

:where(.fsnb-panel) .fsnb-part th,
:where(.fsnb-panel) .fsnb-part td {
  overflow: hidden;
  padding: 1px 4px 1px 0;
  font-weight: normal;
  text-align: left;
  text-overflow: ellipsis;
  white-space: nowrap;
}

:where(.fsnb-panel) .fsnb-features th:nth-child(2),
:where(.fsnb-panel) .fsnb-features td:nth-child(2) {
  width: 56px;
}

:where(.fsnb-panel) .fsnb-features th:nth-child(3),
:where(.fsnb-panel) .fsnb-features td:nth-child(3) {
  width: 72px;
}

:where(.fsnb-panel) .fsnb-part tbody th {
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
}

:where(.fsnb-panel) .fsnb-body .fsnb-features tbody th {
  overflow-wrap: anywhere;
  white-space: normal;
}

:where(.fsnb-panel) .fsnb-body .fsnb-formula td {
  padding: 0 4px 5px 10px;
  font-family: var(--jp-code-font-family);
  overflow-wrap: anywhere;
  white-space: pre-wrap;
}

:where(.fsnb-panel) .fsnb-part thead th,
:where(.fsnb-panel) .fsnb-part td {
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0, 11px);
}

:where(.fsnb-panel) .fsnb-part tr.fsnb-chosen {
  background: var(--jp-layout-color2);
  box-shadow: inset 3px 0 0 var(--jp-brand-color1);
}

:where(.fsnb-panel) .fsnb-spark {
  display: block;
}

:where(.fsnb-panel) .fsnb-spark rect {
  fill: var(--jp-brand-color1);
}

:where(.fsnb-panel) .fsnb-cards {
  list-style: none;
}

:where(.fsnb-panel) .fsnb-body .fsnb-cards {
  padding: 8px;
}

:where(.fsnb-panel) .fsnb-card {
  padding: 6px 8px;
  border: 1px solid var(--jp-border-color2);
  border-radius: 3px;
}

:where(.fsnb-panel) .fsnb-body .fsnb-card p {
  overflow-wrap: anywhere;
}

:where(.fsnb-panel) .fsnb-card + .fsnb-card {
  margin-top: 6px;
}

:where(.fsnb-panel) .fsnb-card-head {
  display: flex;
  gap: 6px;
  align-items: center;
  justify-content: space-between;
}

:where(.fsnb-panel) .fsnb-card-head .fsnb-name {
  font-weight: 600;
  margin-left: -4px;
  white-space: nowrap;
}

:where(.fsnb-panel) .fsnb-intervals {
  display: flex;
  flex-wrap: wrap;
  gap: 0 10px;
}

:where(.fsnb-panel) .fsnb-intervals span {
  white-space: nowrap;
}

:where(.fsnb-panel) .fsnb-body .fsnb-versions > li > button {
  margin-left: -4px;
}

:where(.fsnb-panel) .fsnb-lineage {
  overflow: auto;
  padding-bottom: 4px;
}

:where(.fsnb-panel) .fsnb-lineage svg {
  display: block;
}

:where(.fsnb-panel) .fsnb-box rect {
  fill: var(--jp-layout-color2);
  stroke: var(--jp-border-color0, var(--jp-border-color1));
}

:where(.fsnb-panel) .fsnb-box.fsnb-root rect {
  stroke: var(--jp-brand-color1);
  stroke-width: 2;
}

:where(.fsnb-panel) .fsnb-box.fsnb-opens {
  cursor: pointer;
}

:where(.fsnb-panel) .fsnb-box.fsnb-opens:hover rect {
  fill: var(--jp-layout-color3);
}

:where(.fsnb-panel) .fsnb-box text {
  fill: var(--jp-ui-font-color1);
  font-size: 12px;
}

:where(.fsnb-panel) .fsnb-box text.fsnb-box-kind {
  fill: var(--jp-ui-font-color2);
  font-size: 10px;
}

:where(.fsnb-panel) .fsnb-step {
  fill: none;
  stroke: var(--jp-ui-font-color2);
}

:where(.fsnb-panel) .fsnb-allow {
  display: block;
  padding-bottom: 6px;
}
`,""]),r.d(n,{},{A:s})},314(e){e.exports=function(e){var n=[];return n.toString=function(){return this.map(function(n){var r="",o=void 0!==n[5];return n[4]&&(r+="@supports (".concat(n[4],") {")),n[2]&&(r+="@media ".concat(n[2]," {")),o&&(r+="@layer".concat(n[5].length>0?" ".concat(n[5]):""," {")),r+=e(n),o&&(r+="}"),n[2]&&(r+="}"),n[4]&&(r+="}"),r}).join("")},n.i=function(e,r,o,a,t){"string"==typeof e&&(e=[[null,e,void 0]]);var s={};if(o)for(var p=0;p<this.length;p++){var l=this[p][0];null!=l&&(s[l]=!0)}for(var f=0;f<e.length;f++){var b=[].concat(e[f]);o&&s[b[0]]||(void 0!==t&&(void 0===b[5]||(b[1]="@layer".concat(b[5].length>0?" ".concat(b[5]):""," {").concat(b[1],"}")),b[5]=t),r&&(b[2]&&(b[1]="@media ".concat(b[2]," {").concat(b[1],"}")),b[2]=r),a&&(b[4]?(b[1]="@supports (".concat(b[4],") {").concat(b[1],"}"),b[4]=a):b[4]="".concat(a)),n.push(b))}},n}},601(e){e.exports=function(e){return e[1]}},665(e,n,r){r.r(n);var o=r(72),a=r.n(o),t=r(825),s=r.n(t),p=r(659),l=r.n(p),f=r(56),b=r.n(f),i=r(540),d=r.n(i),h=r(113),c=r.n(h),w=r(646),u={};u.styleTagTransform=c(),u.setAttributes=b(),u.insert=l().bind(null,"head"),u.domAPI=s(),u.insertStyleElement=d(),a()(w.A,u);let x=w.A&&w.A.locals?w.A.locals:void 0;r.d(n,{},{default:x})},72(e){var n=[];function r(e){for(var r=-1,o=0;o<n.length;o++)if(n[o].identifier===e){r=o;break}return r}function o(e,o){for(var a={},t=[],s=0;s<e.length;s++){var p=e[s],l=o.base?p[0]+o.base:p[0],f=a[l]||0,b="".concat(l," ").concat(f);a[l]=f+1;var i=r(b),d={css:p[1],media:p[2],sourceMap:p[3],supports:p[4],layer:p[5]};if(-1!==i)n[i].references++,n[i].updater(d);else{var h=function(e,n){var r=n.domAPI(n);return r.update(e),function(n){n?(n.css!==e.css||n.media!==e.media||n.sourceMap!==e.sourceMap||n.supports!==e.supports||n.layer!==e.layer)&&r.update(e=n):r.remove()}}(d,o);o.byIndex=s,n.splice(s,0,{identifier:b,updater:h,references:1})}t.push(b)}return t}e.exports=function(e,a){var t=o(e=e||[],a=a||{});return function(e){e=e||[];for(var s=0;s<t.length;s++){var p=r(t[s]);n[p].references--}for(var l=o(e,a),f=0;f<t.length;f++){var b=r(t[f]);0===n[b].references&&(n[b].updater(),n.splice(b,1))}t=l}}},659(e){var n={};e.exports=function(e,r){var o=function(e){if(void 0===n[e]){var r=document.querySelector(e);if(window.HTMLIFrameElement&&r instanceof window.HTMLIFrameElement)try{r=r.contentDocument.head}catch(e){r=null}n[e]=r}return n[e]}(e);if(!o)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");o.appendChild(r)}},540(e){e.exports=function(e){var n=document.createElement("style");return e.setAttributes(n,e.attributes),e.insert(n,e.options),n}},56(e,n,r){e.exports=function(e){var n=r.nc;n&&e.setAttribute("nonce",n)}},825(e){e.exports=function(e){if("u"<typeof document)return{update:function(){},remove:function(){}};var n=e.insertStyleElement(e);return{update:function(r){var o,a,t;o="",r.supports&&(o+="@supports (".concat(r.supports,") {")),r.media&&(o+="@media ".concat(r.media," {")),(a=void 0!==r.layer)&&(o+="@layer".concat(r.layer.length>0?" ".concat(r.layer):""," {")),o+=r.css,a&&(o+="}"),r.media&&(o+="}"),r.supports&&(o+="}"),(t=r.sourceMap)&&"u">typeof btoa&&(o+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(t))))," */")),e.styleTagTransform(o,n,e.options)},remove:function(){var e;null===(e=n).parentNode||e.parentNode.removeChild(e)}}}},113(e){e.exports=function(e,n){if(n.styleSheet)n.styleSheet.cssText=e;else{for(;n.firstChild;)n.removeChild(n.firstChild);n.appendChild(document.createTextNode(e))}}}}]);