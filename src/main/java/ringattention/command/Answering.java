package ringattention.command;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.infer.CacheNeed;
import ringattention.infer.GenerateConfig;
import ringattention.infer.Generation;
import ringattention.infer.InferencePlan;
import ringattention.infer.JobGeneration;
import ringattention.infer.RingEngine;
import ringattention.infer.WeightedEngine;
import ringattention.input.Configuration;
import ringattention.metrics.DecodeRates;
import ringattention.plan.PeakMemory;
import ringattention.plan.RotaryReport;
import ringattention.run.Equipment;
import ringattention.run.Header;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.run.RunOutput;

/** A model that answers requests, or acts, planned for the devices of this job. */
record Answering(Job job, Configuration configuration, Equipment equipment, InferencePlan plan) {
  /**
   * Plans it. Collective.
   *
   * @param need what the requests ask of the cache
   */
  static Answering of(Job job, Configuration configuration, Equipment equipment, CacheNeed need) {
    int batch = configuration.get(GenerateConfig.SECTION).batch();
    return of(job, configuration, equipment, batch, need);
  }

  /**
   * Plans it. Collective.
   *
   * @param rows of a step at most
   */
  static Answering of(
      Job job, Configuration configuration, Equipment equipment, int rows, CacheNeed need) {
    Device device = equipment.device();
    MemoryLimits limits = MemoryLimits.of(job, device, configuration.get(MemoryConfig.SECTION));
    int ranks = job.world().size();
    InferencePlan plan =
        job.agree(
            () ->
                InferencePlan.of(
                    configuration,
                    ranks,
                    rows,
                    need,
                    device,
                    limits,
                    DecodeRates.of(device.inHostMemory())));
    return new Answering(job, configuration, equipment, plan);
  }

  /**
   * Says what answers, and the plan.
   *
   * @param what is asked, for the start event, such as {@code requests}
   */
  void announce(RunOutput output, String what, int asked) {
    var header = Header.of(job, equipment, plan.mesh(), Optional.empty());
    output.log().rows(header.lines());
    RotaryReport.print(configuration, plan.shape().model(), output.log());
    plan.print(equipment.device(), output.log());
    Map<String, Object> start = new LinkedHashMap<>(header.fields());
    start.put("parameters", plan.shape().model().parameters());
    start.put(what, asked);
    output.event("start", start);
  }

  /** Opens an engine in an arena, on a rank that answers. Collective over these. */
  interface Opener<E> {
    E open(Equipment ring, Device device, Arena arena);
  }

  /**
   * Reads the weights and answers with them, or waits for ranks that do. Collective.
   *
   * @param words that answers are made of
   * @param use gives the exit code
   */
  int run(
      StoredWeights weights,
      RunOutput output,
      AnswerTokenizer words,
      ToIntFunction<JobGeneration> use) {
    GenerateConfig config = configuration.get(GenerateConfig.SECTION);
    return this.<RingEngine>run(
        weights,
        output,
        (ring, device, arena) -> plan.engine(ring, device, arena, job.timer()),
        engine -> {
          Optional<Generation> own =
              engine.map(some -> new Generation(some, words.tokenizer(), config, words.ends()));
          return use.applyAsInt(new JobGeneration(job.world(), own));
        });
  }

  /**
   * Reads the weights into an engine and uses it; a rank that waits uses none. Collective.
   *
   * @param use gives the exit code
   */
  <E extends WeightedEngine> int run(
      StoredWeights weights, RunOutput output, Opener<E> opener, ToIntFunction<Optional<E>> use) {
    int rank = job.world().rank();
    if (!plan.answers(rank)) {
      try (Equipment alone = plan.ring(job, equipment)) {
        return job.orAbort(() -> run(weights, output, Optional.empty(), use));
      }
    }
    Device device = equipment.device();
    try (Arena arena = plan.arena(rank, device);
        Equipment ring = plan.ring(job, equipment);
        E engine = opener.open(ring, device, arena)) {
      return job.orAbort(() -> run(weights, output, Optional.of(engine), use));
    }
  }

  private <E extends WeightedEngine> int run(
      StoredWeights weights, RunOutput output, Optional<E> engine, ToIntFunction<Optional<E>> use) {
    job.agree( // a rank that waits learns of weights that cannot be read
        () -> {
          engine.ifPresent(own -> weights.read(own.weights(), output));
          return null;
        });
    return use.applyAsInt(engine);
  }

  /** Returns the peaks of all ranks, planned and measured, so far. Collective. */
  PeakMemory peak() {
    Device device = equipment.device();
    return PeakMemory.of(job, plan.memory(job.world().rank(), device), device);
  }
}
