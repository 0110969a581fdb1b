/**
 * What a run is asked to do: TOML into immutable, validated records. Every key, its default and what is allowed is listed in
 * {@code docs/inputs.md}.
 */
package ringattention.config;
