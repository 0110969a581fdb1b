/**
 * Chat templates: a small interpreter of the part of Jinja that they use, with Python's semantics
 * of values. A template sees plain values and nothing of the host; what it may spend is limited.
 * {@link ringattention.template.ChatTemplate} is the entrance.
 */
package ringattention.template;
