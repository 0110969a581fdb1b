package ringattention.command;

import java.util.List;
import java.util.Map;
import ringattention.bench.attention.BenchAttentionConfig;
import ringattention.bench.attention.BenchOverlapConfig;
import ringattention.bench.attention.BenchRingConfig;
import ringattention.bench.inference.BenchPrefillConfig;
import ringattention.bench.kernel.BenchDecodeConfig;
import ringattention.bench.kernel.BenchKernelsConfig;
import ringattention.bench.training.BenchContextConfig;
import ringattention.bench.training.BenchMemoryConfig;
import ringattention.bench.training.BenchMfuConfig;
import ringattention.bench.training.BenchScalingConfig;
import ringattention.bench.training.BenchTrainingConfig;
import ringattention.checkpoint.CheckpointConfig;
import ringattention.data.DataConfig;
import ringattention.data.ValidationConfig;
import ringattention.data.fasta.FastaConfig;
import ringattention.data.lines.LinesConfig;
import ringattention.data.trajectories.TrajectoriesConfig;
import ringattention.environment.CollectConfig;
import ringattention.evaluate.rollout.RolloutConfig;
import ringattention.evaluate.suite.SuiteConfig;
import ringattention.huggingface.HuggingFaceConfig;
import ringattention.infer.GenerateConfig;
import ringattention.infer.InferConfig;
import ringattention.input.Inputs;
import ringattention.model.AttentionConfig;
import ringattention.model.FeedForwardConfig;
import ringattention.model.LossHeadConfig;
import ringattention.model.ModelConfig;
import ringattention.plan.CurriculumConfig;
import ringattention.plan.RunRules;
import ringattention.plan.TrainConfig;
import ringattention.run.DeviceConfig;
import ringattention.run.FaultConfig;
import ringattention.run.MemoryConfig;
import ringattention.run.OutputConfig;
import ringattention.run.ParallelConfig;
import ringattention.run.TimeoutConfig;
import ringattention.validate.ValidateConfig;

/** Every section that an input can have, in the order of docs/inputs.md: the one list of them. */
public final class Sections {
  /** Reads inputs with all sections. */
  public static final Inputs INPUTS =
      new Inputs(
          List.of(
              ModelConfig.SECTION,
              AttentionConfig.SECTION,
              FeedForwardConfig.SECTION,
              LossHeadConfig.SECTION,
              ParallelConfig.SECTION,
              MemoryConfig.SECTION,
              TrainConfig.SECTION,
              CurriculumConfig.SECTION,
              DataConfig.SECTION,
              ValidationConfig.SECTION,
              LinesConfig.SECTION,
              TrajectoriesConfig.SECTION,
              FastaConfig.SECTION,
              InferConfig.SECTION,
              GenerateConfig.SECTION,
              SuiteConfig.SECTION,
              RolloutConfig.SECTION,
              CollectConfig.SECTION,
              CheckpointConfig.SECTION,
              DeviceConfig.SECTION,
              ValidateConfig.SECTION,
              BenchAttentionConfig.SECTION,
              BenchKernelsConfig.SECTION,
              BenchDecodeConfig.SECTION,
              BenchPrefillConfig.SECTION,
              BenchRingConfig.SECTION,
              BenchTrainingConfig.SECTION,
              BenchContextConfig.SECTION,
              BenchMfuConfig.SECTION,
              BenchOverlapConfig.SECTION,
              BenchMemoryConfig.SECTION,
              BenchScalingConfig.SECTION,
              TimeoutConfig.SECTION,
              FaultConfig.SECTION,
              OutputConfig.SECTION),
          Map.of("model.checkpoint", HuggingFaceConfig::new),
          RunRules::check,
          List.of(TrainConfig.SECTION.name(), ModelConfig.SECTION.name()));

  private Sections() {}
}
