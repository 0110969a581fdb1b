package ringattention.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import ringattention.metrics.Mfu;

/** What programs read: CSV lines, JSON lines, the summary. */
class RecordsTest {
  private final ObjectMapper mapper = new ObjectMapper();

  @Test
  void stepsKeepAllDigits() {
    StepRecord record =
        new StepRecord(3, 1.0 / 3, 2.0 / 3, 1e-7, 0.1 + 0.2, 1e6 / 7, Optional.empty());
    String header = StepRecord.csvHeader(false, false);
    assertEquals("step,loss,grad_norm,learning_rate,time_s,tokens_per_s,tokens_seen,epoch", header);
    assertEquals(
        "3,0.3333333333333333,0.6666666666666666,1.0E-7,0.30000000000000004,142857.14285714287,,",
        record.csv(false));
    assertEquals(
        List.of(header.split(",")).subList(0, 6), new ArrayList<>(record.fields().keySet()));
    String[] cells = record.csv(false).split(",");
    assertEquals(
        record,
        new StepRecord(
            Long.parseLong(cells[0]),
            Double.parseDouble(cells[1]),
            Double.parseDouble(cells[2]),
            Double.parseDouble(cells[3]),
            Double.parseDouble(cells[4]),
            Double.parseDouble(cells[5]),
            Optional.empty()));
  }

  /** A step without questions has a level, and no rates. */
  @Test
  void stepsHaveTheirAnswersWhereTheyAreCounted() {
    String header = StepRecord.csvHeader(false, true, true);
    assertTrue(header.endsWith(",epoch,exact_rate,digit_rate,level"), header);
    for (StepAnswers answers :
        List.of(new StepAnswers(1.0 / 3, 0.5, 4), new StepAnswers(Double.NaN, Double.NaN, 2))) {
      StepRecord record =
          new StepRecord(
              8,
              true,
              0.3,
              1,
              1e-5,
              1.5,
              2,
              Optional.empty(),
              Optional.empty(),
              Optional.empty(),
              Optional.of(answers));
      assertEquals(record, StepRecord.ofCsv(header, record.csv(true)));
      assertEquals(answers.level(), record.fields().get("level"));
      assertEquals(answers.exactRate(), record.fields().get("exact_rate"));
      assertEquals(answers.digitRate(), record.fields().get("digit_rate"));
      boolean none = Double.isNaN(answers.exactRate());
      String cells = none ? ",,,2" : ",0.3333333333333333,0.5,4";
      assertTrue(record.csv(true).endsWith(cells), record.csv(true));
      String before = "8,0.3,1.0,1.0E-5,1.5,2.0,,,,,,"; // of a part that did not count them
      assertEquals(Optional.empty(), StepRecord.ofCsv(header, before).answers());
    }
  }

  @Test
  void stepsHaveTheirUtilizationWhereAPeakIsKnown() {
    Mfu shares = new Mfu(0.25, 0.5, 0.375);
    StepRecord record = new StepRecord(3, 1.5, 2.5, 0.5, 4, 8, Optional.of(shares));
    assertEquals(
        "step,loss,grad_norm,learning_rate,time_s,tokens_per_s,mfu_causal,mfu_paper,mfu_hardware,"
            + "tokens_seen,epoch",
        StepRecord.csvHeader(true, false));
    assertEquals("3,1.5,2.5,0.5,4.0,8.0,0.25,0.5,0.375,,", record.csv(false));
  }

  @Test
  void eventsAreOneObjectPerLine() throws JsonProcessingException {
    List<String> lines = new ArrayList<>();
    EventLog events =
        new EventLog(
            lines::add, Clock.fixed(Instant.parse("2026-11-28T15:01:37.0625Z"), ZoneOffset.UTC));
    events.write("start", Map.of("host", "a \"b\"\nc"));
    events.write(
        "step",
        new StepRecord(1, Double.NaN, Double.POSITIVE_INFINITY, 0, 1, 2, Optional.empty())
            .fields());

    assertEquals(
        "{\"event\":\"start\",\"host\":\"a \\\"b\\\"\\nc\",\"time\":\"2026-11-28T15:01:37.062Z\"}",
        lines.get(0));
    assertEquals(
        "{\"event\":\"step\",\"step\":1,\"loss\":null,\"grad_norm\":null,\"learning_rate\":0.0,"
            + "\"time_s\":1.0,\"tokens_per_s\":2.0,\"time\":\"2026-11-28T15:01:37.062Z\"}",
        lines.get(1));
    assertEquals("a \"b\"\nc", mapper.readTree(lines.get(0)).get("host").asText());
  }

  @Test
  void summaryHasTheFixedKeysFirst() throws JsonProcessingException {
    Map<String, Object> more = new LinkedHashMap<>();
    more.put("steps", 100);
    more.put("wall_s", 12.5);
    more.put("versions", Map.of("java", "17"));
    List<Check> checks =
        List.of(
            Check.atMost("memory", 0.01, 0.05, "|a - b| / b", Map.of("a", 1.0)),
            Check.notChecked("probe", "one rank"));
    Summary summary = new Summary(RunVerdict.of(checks, "done"), 0, 2.31, 41_200, 4, checks, more);
    JsonNode json = mapper.readTree(summary.json());

    List<String> keys = new ArrayList<>();
    json.fieldNames().forEachRemaining(keys::add);
    assertEquals(
        List.of(
            "verdict",
            "verdict_text",
            "exit_code",
            "final_loss",
            "tokens_per_s",
            "ranks",
            "checks",
            "steps",
            "wall_s",
            "versions"),
        keys);
    assertEquals("VALID", json.get("verdict").asText());
    assertEquals(0, json.get("exit_code").asInt(-1));
    assertEquals(2.31, json.get("final_loss").asDouble());
    assertEquals("memory", json.get("checks").get(0).get("name").asText());
    assertEquals(0.01, json.get("checks").get(0).get("value").asDouble());
    assertEquals(0.05, json.get("checks").get(0).get("threshold").asDouble());
    assertEquals("PASSED", json.get("checks").get(0).get("verdict").asText());
    assertEquals("NOT_CHECKED", json.get("checks").get(1).get("verdict").asText());
    assertTrue(json.get("checks").get(1).get("value").isNull());
    assertEquals("17", json.get("versions").get("java").asText());
  }

  @Test
  void stepsAreReadBackToTheBit() {
    StepRecord record =
        new StepRecord(7, 0.1 + 0.2, Double.NaN, 1e-5, 1.5, 1e3 / 3, Optional.empty());
    assertEquals(record, StepRecord.ofCsv(StepRecord.csvHeader(false, false), record.csv(false)));
    String shares = record.csv(false).replace(",,", ",0.5,0.4,0.3,,");
    assertEquals(record, StepRecord.ofCsv(StepRecord.csvHeader(true, false), shares));
    StepRecord last =
        new StepRecord(
            8,
            true,
            0.3,
            1,
            1e-5,
            1.5,
            2,
            Optional.empty(),
            Optional.of(2.5),
            Optional.of(new DataSeen(1L << 53, OptionalDouble.of(1.0 / 3))),
            Optional.empty());
    String header = StepRecord.csvHeader(false, true);
    assertTrue(header.endsWith(",tokens_per_s,validation_loss,tokens_seen,epoch"), header);
    assertEquals(
        "8,0.3,1.0,1.0E-5,1.5,2.0,2.5,9007199254740992,0.3333333333333333", last.csv(true));
    assertEquals(last, StepRecord.ofCsv(header, last.csv(true)));
    assertEquals(1L << 53, last.fields().get("tokens_seen"));
    assertEquals(1.0 / 3, last.fields().get("epoch"));
    OutputException error =
        assertThrows(
            OutputException.class,
            () -> StepRecord.ofCsv(StepRecord.csvHeader(false, false), "7,0.3"));
    assertEquals("steps.csv: not a line of that file: 7,0.3", error.getMessage());
  }

  /** Files of versions that did not say what a run had seen, of runs with and without held-out. */
  @Test
  void olderStepsAreRead() {
    String header = "step,loss,grad_norm,learning_rate,time_s,tokens_per_s,validation_loss";
    StepRecord old = StepRecord.ofCsv(header, "7,0.5,0.25,1.0E-5,1.5,3.0,");
    assertEquals(new StepRecord(7, 0.5, 0.25, 1e-5, 1.5, 3, Optional.empty()), old);
    assertEquals("7,0.5,0.25,1.0E-5,1.5,3.0,,,", old.csv(true));
  }

  @Test
  void aStoppedRunIsNeitherValidNorInvalid() {
    RunVerdict verdict = RunVerdict.stopped("after step 3 of 9");
    assertEquals("STOPPED: after step 3 of 9", verdict.line());
    assertFalse(verdict.valid());
  }

  @Test
  void summaryOfADivergedRunIsStillJson() throws JsonProcessingException {
    RunVerdict verdict = new RunVerdict(false, "loss is NaN at step 3");
    Map<String, Object> more = Map.of("losses", List.of(1.0, Double.NEGATIVE_INFINITY));
    JsonNode json =
        mapper.readTree(
            new Summary(verdict, 4, Double.NaN, Double.POSITIVE_INFINITY, 1, List.of(), more)
                .json());
    assertEquals("INVALID", json.get("verdict").asText());
    assertTrue(json.get("final_loss").isNull());
    assertTrue(json.get("tokens_per_s").isNull());
    assertTrue(json.get("losses").get(1).isNull());
  }

  @Test
  void furtherKeysMayNotReplaceFixedOnes() {
    Summary summary =
        new Summary(
            new RunVerdict(true, ""), 0, 1, 1, 1, List.of(), Map.of("verdict", "VALID indeed"));
    assertThrows(IllegalArgumentException.class, summary::json);
  }
}
