/** YAML for `-o yaml`. A module of ours, since the bundler gives a package imported at run time no named exports. */
export { stringify } from 'yaml';
