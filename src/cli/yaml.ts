/** YAML for `-o yaml` and the terminal UI. A module of ours, since the bundler gives a package imported at run time no named exports. */
export { parse, stringify } from 'yaml';
