package ringattention.command;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;
import ringattention.device.Arena;
import ringattention.device.Device;
import ringattention.infer.CacheNeed;
import ringattention.infer.GenerateConfig;
import ringattention.infer.InferencePlan;
import ringattention.infer.RingEngine;
import ringattention.input.Configuration;
import ringattention.plan.PeakMemory;
import ringattention.plan.RotaryReport;
import ringattention.run.Equipment;
import ringattention.run.Header;
import ringattention.run.Job;
import ringattention.run.MemoryConfig;
import ringattention.run.MemoryLimits;
import ringattention.run.RunOutput;

/** A model that answers requests, planned for the devices of this job. */
record Answering(Job job, Configuration configuration, Equipment equipment, InferencePlan plan) {
  /**
   * Plans it. Collective.
   *
   * @param need what the requests ask of the cache
   */
  static Answering of(Job job, Configuration configuration, Equipment equipment, CacheNeed need) {
    Device device = equipment.device();
    MemoryLimits limits = MemoryLimits.of(job, device, configuration.get(MemoryConfig.SECTION));
    int ranks = job.world().size();
    int batch = configuration.get(GenerateConfig.SECTION).batch();
    InferencePlan plan =
        job.agree(() -> InferencePlan.of(configuration, ranks, batch, need, device, limits));
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

  /**
   * Reads the weights and answers with them. Collective.
   *
   * @param answer gives the exit code
   */
  int run(StoredWeights weights, RunOutput output, ToIntFunction<RingEngine> answer) {
    Device device = equipment.device();
    try (Arena arena = plan.arena(job.world().rank(), device);
        Equipment ring = plan.ring(job, equipment);
        RingEngine engine = plan.engine(ring, device, arena, job.timer())) {
      return job.orAbort(
          () -> {
            weights.read(engine.weights(), output);
            return answer.applyAsInt(engine);
          });
    }
  }

  /** Returns the peaks of all ranks, planned and measured, so far. Collective. */
  PeakMemory peak() {
    Device device = equipment.device();
    return PeakMemory.of(job, plan.memory(job.world().rank(), device), device);
  }
}
