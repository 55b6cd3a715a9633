/** The one file of blessed-contrib that is loaded; its own types are of the whole, and do not compile. */
declare module 'blessed-contrib/lib/widget/charts/line.js' {
  const Line: unknown;
  export default Line;
}
