/**
 * TOML inputs as immutable records. Types, ranges and choices are checked where a key is read
 * ({@link ringattention.input.Table}), relations between keys where a section is complete.
 */
package ringattention.input;
