package ringattention.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Where a text may be cut: one character too many, and a long document is learned in other tokens
 * than a short one. Quotes are apostrophes here.
 */
class SafeCutsTest {
  private static final String WORDS = "'pre_tokenizer': {'type': 'ByteLevel'}";
  private static final String SPACES = replace(" ", "\u2581");
  private static final String LETTERS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!~_\u2581\\n";

  private static TextCuts cuts(String... parts) {
    try {
      String json = ("{" + String.join(", ", parts) + "}").replace('\'', '"');
      return SafeCuts.of(new ObjectMapper().readTree(json));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static String replace(String pattern, String content) {
    return "{'type': 'Replace', 'pattern': {'String': '%s'}, 'content': '%s'}"
        .formatted(pattern, content);
  }

  private static String normalizer(String... all) {
    return all.length == 1
        ? "'normalizer': " + all[0]
        : "'normalizer': {'type': 'Sequence', 'normalizers': [" + String.join(", ", all) + "]}";
  }

  /** Returns a model of merges that has tokens for letters and these. */
  private static String merges(String flags, String letters, String... tokens) {
    String vocabulary =
        IntStream.range(0, letters.length() + tokens.length)
            .filter(i -> i >= letters.length() || letters.charAt(i) != '\\')
            .mapToObj(
                i ->
                    "'"
                        + (i >= letters.length()
                            ? tokens[i - letters.length()]
                            : i > 0 && letters.charAt(i - 1) == '\\'
                                ? "\\n"
                                : letters.substring(i, i + 1))
                        + "': "
                        + i)
            .collect(Collectors.joining(", "));
    return "'model': {'type': 'BPE', " + flags + "'vocab': {" + vocabulary + "}}";
  }

  private static String added(String content, String flags) {
    return "'added_tokens': [{'id': 0, 'content': '" + content + "'" + flags + "}]";
  }

  /** Says where a cut is allowed, for characters in front of a space and of a newline. */
  private static String allowed(TextCuts cuts, String lefts) {
    StringBuilder text = new StringBuilder();
    for (char right : new char[] {' ', '\n'}) {
      for (char left : lefts.toCharArray()) {
        text.append(cuts.between(left, right) ? left : '-');
      }
      text.append(right == ' ' ? "|" : "");
    }
    return text.toString();
  }

  @Test
  void wordsEndBehindLetters() {
    TextCuts words = cuts(WORDS);
    assertEquals("azAZ--|azAZ--", allowed(words, "azAZ1."));
    assertFalse(words.between('a', '\t') || words.between(' ', ' '));
    assertEquals("a", words.context());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {'type': 'Whitespace'} | true
          {'type': 'WhitespaceSplit'} | true
          {'type': 'Sequence', 'pretokenizers': [{'type': 'Digits'}, {'type': 'Whitespace'}]} | true
          {'type': 'Sequence', 'pretokenizers': [{'type': 'Digits'}]} | false
          {'type': 'ByteLevel', 'use_regex': false} | false
          {'type': 'Split', 'behavior': 'Isolated', 'invert': false, 'pattern': {'Regex': 'a+'}} | false
          {'type': 'Punctuation'} | false
          """)
  void wordsOfAPreTokenizer(String splitter, boolean known) {
    assertEquals(known, cuts("'pre_tokenizer': " + splitter).between('a', ' '));
  }

  /** A letter or space that the normalizer changes is not where it seems to be. */
  @Test
  void whatIsReplacedIsNoPlace() {
    TextCuts changed = cuts(WORDS, normalizer(replace("b", "c")));
    assertEquals("a-c|a-c", allowed(changed, "abc"));
    TextCuts spaces = cuts(WORDS, normalizer(SPACES));
    assertEquals("---|aZz", allowed(spaces, "aZz"));
    TextCuts merged = cuts(merges("", LETTERS), normalizer(replace("b", "c")));
    assertEquals("---|a-c", allowed(merged, "abc"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'type': 'Strip'}",
        "{'type': 'Sequence', 'normalizers': [{'type': 'NFC'}, {'type': 'Strip'}]}",
        "{'type': 'Prepend', 'prepend': '\u00e9'}",
        "{'type': 'Replace', 'pattern': {'String': 'ab'}, 'content': 'c'}",
        "{'type': 'Replace', 'pattern': {'String': 'a'}, 'content': ''}",
        "{'type': 'Replace', 'pattern': {'String': 'a'}, 'content': '\u00e9'}"
      })
  void anUnknownNormalizerAllowsNoCut(String one) {
    assertSame(TextCuts.NOWHERE, cuts(WORDS, "'normalizer': " + one));
    assertTrue(cuts(WORDS, "'normalizer': {'type': 'NFC'}").between('a', ' '));
  }

  /** Once characters are mapped, those of the prefix would have to be told from others. */
  @Test
  void aPrefixComesFirst() {
    String prepend = "{'type': 'Prepend', 'prepend': '\u2581'}";
    assertTrue(cuts(WORDS, normalizer(prepend, replace("b", "c"))).between('a', ' '));
    assertSame(TextCuts.NOWHERE, cuts(WORDS, normalizer(replace("b", "c"), prepend)));
  }

  /** No merge joins both sides if no token holds both; an unknown letter may be joined. */
  @Test
  void mergesCutWhereNoTokenGoesAcross() {
    TextCuts merged = cuts(merges("", LETTERS, "c\u2581", "xd\u2581a", "!\\n"), normalizer(SPACES));
    assertEquals("ab--!~|abcd-~", allowed(merged, "abcd!~"));
    assertEquals("a-|a-", allowed(cuts(merges("", "a\u2581\\n"), normalizer(SPACES)), "aq"));
  }

  /** The context of a part is a letter that may stand before every cut. */
  @Test
  void theContextIsSafeToo() {
    TextCuts merged = cuts(merges("", LETTERS, "a\u2581", "b\\n"), normalizer(SPACES));
    assertEquals("c", merged.context());
    TextCuts disjoint = cuts(merges("", "ab\u2581\\n", "a\u2581", "b\\n"), normalizer(SPACES));
    assertEquals("-b|--", allowed(disjoint, "ab"));
    assertEquals("b", disjoint.context());
    assertSame(
        TextCuts.NOWHERE, cuts(merges("", "aZ\u2581", "a\u2581"), normalizer(SPACES)), "only Z");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'ignore_merges': true, ",
        "'continuing_subword_prefix': '##', ",
        "'end_of_word_suffix': '</w>', "
      })
  void otherMergesAllowNoCut(String flag) {
    assertSame(TextCuts.NOWHERE, cuts(merges(flag, LETTERS), normalizer(SPACES)));
    String unigram = merges("", LETTERS).replace("BPE", "Unigram");
    assertSame(TextCuts.NOWHERE, cuts(unigram, normalizer(SPACES)));
  }

  /** A newline without a token of its own is a byte, if the model falls back to bytes. */
  @ParameterizedTest
  @CsvSource({"true, <0x0A>, a", "false, <0x0A>, -", "true, <0x0B>, -"})
  void newlinesMayBeBytes(boolean fallback, String token, String expected) {
    String bytes = "'byte_fallback': " + fallback + ", ";
    TextCuts cuts = cuts(merges(bytes, "ab\u2581", token), normalizer(SPACES));
    assertEquals("a|" + expected, allowed(cuts, "a"));
  }

  @Test
  void metaspaceIsTheSpace() {
    String splitter = "'pre_tokenizer': {'type': 'Metaspace', 'replacement': '_'}";
    TextCuts cuts = cuts(merges("", LETTERS, "c_"), splitter);
    assertEquals("ab--~|abc-~", allowed(cuts, "abc_~"));
    String unknown = "'pre_tokenizer': {'type': 'Metaspace', 'replacement': '__'}";
    assertSame(TextCuts.NOWHERE, cuts(merges("", LETTERS), unknown));
  }

  /** Behind an added token a text begins anew; within one it is not cut. */
  @Test
  void addedTokensStayWhole() {
    assertEquals("a--|ab-", allowed(cuts(WORDS, added("b c", "")), "abc"));
    assertEquals("ab-|a--", allowed(cuts(WORDS, added("b\\nc", "")), "abc"));
    TextCuts marked = cuts(merges("", LETTERS), normalizer(SPACES), added("b\u2581c", ""));
    assertEquals("a--|ab-", allowed(marked, "abc"));
    assertSame(TextCuts.NOWHERE, cuts(WORDS, added("", "")));
    assertSame(TextCuts.NOWHERE, cuts(WORDS, added("b", ", 'single_word': true")));
  }

  /** Those that are looked for in a normalized text have two spellings. */
  @Test
  void normalizedTokensStayWholeInBothSpellings() {
    String normalized = ", 'normalized': true";
    String twice = normalizer(replace("x", "y"), replace("y", "\\n"));
    assertEquals("ab-|a--", allowed(cuts(WORDS, twice, added("bx", normalized)), "abx"));
    assertEquals("ab-|ab-", allowed(cuts(WORDS, twice, added("bx", "")), "abx"));
    String nfc = normalizer("{'type': 'NFC'}");
    assertSame(TextCuts.NOWHERE, cuts(WORDS, nfc, added("\u00e9b", normalized)));
    assertEquals("a-|a-", allowed(cuts(WORDS, nfc, added("\u00e9b", "")), "ab"));
    assertEquals("a-|a-", allowed(cuts(WORDS, added("\u00e9b", normalized)), "ab"));
  }

  /** Half a pair is no character: whatever a tokenizer of bytes is given stays whole. */
  @Test
  void bytesAreCutBetweenCharacters() {
    assertFalse(TextCuts.EVERYWHERE.between('\ud83d', '\ude00'));
    assertTrue(TextCuts.EVERYWHERE.between('a', '\ud83d'));
    assertTrue(TextCuts.EVERYWHERE.between('\ude00', 'a'));
    assertTrue(TextCuts.EVERYWHERE.between('\ude00', '\ude00'));
    assertTrue(TextCuts.EVERYWHERE.between('\ud83d', '\ud83d'));
  }
}
