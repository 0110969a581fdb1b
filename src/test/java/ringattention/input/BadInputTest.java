package ringattention.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringattention.command.Sections;

/**
 * What a user reads after a mistake: one line with file (or -D), key, value and what is allowed.
 */
class BadInputTest {
  @TempDir Path folder;

  private String message(String text, List<String> overrides) throws IOException {
    Path file = Files.writeString(folder.resolve("x.toml"), text.replace(" ; ", "\n"));
    InputException error =
        assertThrows(InputException.class, () -> Sections.INPUTS.read(file, overrides), text);
    return error.getMessage().replace(file.toString(), "x.toml");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          model.heads = 4 | x.toml: model.hidden is missing: must be a whole number, 2 to 1048576
          [model] ; hiden = 64 | x.toml: model.hiden = 64: unknown key, did you mean model.hidden?
          [modle] ; hidden = 64 | x.toml: modle.hidden = 64: unknown key, did you mean model.hidden?
          steps = 5 | x.toml: steps = 5: unknown key, did you mean train.steps?
          [train] ; hidden = 64 | x.toml: train.hidden = 64: unknown key, did you mean model.hidden?
          [nonsense] ; foo = 1 | x.toml: nonsense.foo = 1: unknown section, there are model, attention, feedForward, lossHead, parallel, memory, train, curriculum, data, validation, lines, trajectories, fasta, infer, generate, suite, rollout, collect, checkpoint, device, validate, benchAttention, benchKernels, benchDecode, benchPrefill, benchRing, benchTraining, benchContext, benchMfu, benchOverlap, benchMemory, benchScaling, timeout, fault, output
          [nonsense] | x.toml: nonsense = {}: unknown section, there are model, attention, feedForward, lossHead, parallel, memory, train, curriculum, data, validation, lines, trajectories, fasta, infer, generate, suite, rollout, collect, checkpoint, device, validate, benchAttention, benchKernels, benchDecode, benchPrefill, benchRing, benchTraining, benchContext, benchMfu, benchOverlap, benchMemory, benchScaling, timeout, fault, output
          [train] ; foo = 1 | x.toml: train.foo = 1: unknown key, [train] takes sequence, batch, microBatch, steps, seed, schedule, learningRate, minLearningRate, warmupSteps, decaySteps, weightDecay, noDecay, beta1, beta2, epsilon, clipNorm, reportEvery, maxSkippedSteps, exactRate
          model = 3 | x.toml: model = 3: must be a section, [model]
          model.hidden.x = 3 | x.toml: model.hidden.x = 3: unknown key, [model] takes shape, checkpoint, input, stateSize, actionSize, episodeSteps, vocabulary, hidden, layers, heads, keyValueHeads, headSize, feedForward, ropeTheta, ropeScaling, ropeFactor, ropeLowFrequency, ropeHighFrequency, ropeOriginalContext, ropeAttentionFactor, ropeBetaFast, ropeBetaSlow, ropeTruncate, ropeShortFactors, ropeLongFactors, normEpsilon, tied, initStd, init, queryKeyValueBias, queryKeyNorm, slidingWindow
          [model] ; hidden = 64 ; layers = 2 ; heads = 6 ; headSize = 16 ; keyValueHeads = 4 | x.toml: model.heads = 6: must be a multiple of model.keyValueHeads (4)
          [model] ; hidden = 64 ; layers = 2 ; heads = 6 | x.toml: model.heads = 6: must divide model.hidden (64), or give model.headSize
          [model] ; hidden = 12 ; layers = 2 ; heads = 4 | x.toml: model.headSize = 3: must be even, by default it is hidden / heads
          [model] ; hidden = 64 ; layers = 2 ; heads = 4 ; headSize = 7 | x.toml: model.headSize = 7: must be even, by default it is hidden / heads
          [model] | x.toml: model.hidden is missing: must be a whole number, 2 to 1048576
          [model] ; hidden = 0 | x.toml: model.hidden = 0: must be a whole number, 2 to 1048576
          [model] ; hidden = 64 ; layers = "two" | x.toml: model.layers = "two": must be a whole number, 1 to 1024
          [model] ; hidden = 64 ; layers = 2147483647 | x.toml: model.layers = 2147483647: must be a whole number, 1 to 1024
          [model] ; hidden = 1048576 ; layers = 9 ; heads = 2 ; feedForward = 2147483647 | x.toml: model.hidden = 1048576: must give a model of less than 1e15 weights, this has 6.1e+16
          [model] ; hidden = 64.0 | x.toml: model.hidden = 64.0: must be a whole number, 2 to 1048576
          [model] ; hidden = 3000000000 | x.toml: model.hidden = 3000000000: must be a whole number below 2^31
          [model] ; shape = "2B" | x.toml: model.shape = "2B": must be "1B" or "3B" or "7B" or "13B" or "30B" or "65B"
          [model] ; shape = "7B" ; vocabulary = 1 | x.toml: model.vocabulary = 1: must be a whole number, at least 2
          [model] ; shape = "7B" ; initStd = 0 | x.toml: model.initStd = 0: must be a number, above 0
          [model] ; shape = "7B" ; init = "equal" | x.toml: model.init = "equal": must be "normal" or "matched"
          [model] ; shape = "7B" ; init = "matched" ; tied = true | x.toml: model.init = "matched": must be "normal" with model.tied: embedding and head would start differently
          [model] ; shape = "7B" ; init = "matched" ; initStd = 0.1 | x.toml: model.initStd = 0.1: must not be given with model.init = "matched", which has deviations of its own
          curriculum.gate = 1 | x.toml: curriculum.gate = 1: must be a number, at least 0 and below 1
          curriculum.smoothing = 0.5 | x.toml: curriculum.smoothing = 0.5: must not be given without curriculum.gate
          curriculum.leastSteps = 3 | x.toml: curriculum.leastSteps = 3: must not be given without curriculum.gate
          curriculum.mostSteps = 30 | x.toml: curriculum.mostSteps = 30: must not be given without curriculum.gate
          [curriculum] ; gate = 0.9 ; mostSteps = 9 | x.toml: curriculum.mostSteps = 9: must be 0, or at least curriculum.leastSteps (20)
          [curriculum] ; gate = 0.9 ; leastSteps = 0 | x.toml: curriculum.leastSteps = 0: must be a whole number, at least 1
          [model] ; shape = "7B" ; ropeTheta = inf | x.toml: model.ropeTheta = Infinity: must be a number, above 0
          [model] ; shape = "7B" ; normEpsilon = nan | x.toml: model.normEpsilon = NaN: must be a number, above 0
          [model] ; shape = "7B" ; keyValueHeads = 0 | x.toml: model.keyValueHeads = 0: must be a whole number, at least 1
          [attention] ; kind = "rings" | x.toml: attention.kind = "rings": must be "ring" or "memory-efficient" or "vanilla"
          [attention] ; kind = "RING" | x.toml: attention.kind = "RING": must be "ring" or "memory-efficient" or "vanilla"
          [attention] ; layout = 3 | x.toml: attention.layout = 3: must be "contiguous" or "zigzag" or "striped"
          [attention] ; mask = ["causal"] | x.toml: attention.mask = ["causal"]: must be "causal" or "full"
          [attention] ; kind = "vanilla" ; [parallel] ; ring = 2 | x.toml: parallel.ring = 2: must be 1 with attention.kind = "vanilla"
          [feedForward] ; block = 0 | x.toml: feedForward.block = 0: must be a whole number, at least 1
          [lossHead] ; block = -1 | x.toml: lossHead.block = -1: must be a whole number, at least 1
          [attention] ; kind = "memory-efficient" ; [parallel] ; heads = 2 | x.toml: parallel.heads = 2: must be 1 with attention.kind = "memory-efficient"
          [parallel] ; headChunks = 0 | x.toml: parallel.headChunks = 0: must be a whole number, at least 1
          [model] ; hidden = 64 ; layers = 2 ; heads = 8 ; keyValueHeads = 4 ; [parallel] ; heads = 2 ; headChunks = 4 | x.toml: parallel.headChunks = 4: must divide the key/value heads of a rank (2)
          [parallel] ; heads = -1 | x.toml: parallel.heads = -1: must be a whole number, at least 0
          [model] ; hidden = 64 ; layers = 2 ; heads = 8 ; keyValueHeads = 2 ; [parallel] ; heads = 4 | x.toml: parallel.heads = 4: must divide the key/value heads of the model (2)
          [attention] ; kind = "memory-efficient" ; [parallel] ; tensor = 2 | x.toml: parallel.tensor = 2: must be 1 with attention.kind = "memory-efficient"
          [parallel] ; tensor = 0 | x.toml: parallel.tensor = 0: must be a whole number, at least 1
          [model] ; hidden = 64 ; layers = 2 ; heads = 8 ; keyValueHeads = 2 ; [parallel] ; tensor = 4 | x.toml: parallel.tensor = 4: must divide the key/value heads of the model (2)
          [model] ; hidden = 64 ; layers = 2 ; heads = 8 ; keyValueHeads = 4 ; [parallel] ; heads = 2 ; tensor = 4 | x.toml: parallel.tensor = 4: times parallel.heads must divide the key/value heads of the model (4)
          [model] ; hidden = 64 ; layers = 2 ; heads = 8 ; feedForward = 90 ; [parallel] ; tensor = 4 | x.toml: parallel.tensor = 4: must divide the inner width of the model (model.feedForward = 90)
          [parallel] ; ring = -1 | x.toml: parallel.ring = -1: must be a whole number, at least 0
          [train] ; steps = 8 | x.toml: train.sequence is missing: must be a whole number, at least 2
          [train] ; sequence = 1 ; steps = 8 | x.toml: train.sequence = 1: must be a whole number, at least 2
          [train] ; sequence = 8 ; steps = 0 | x.toml: train.steps = 0: must be a whole number, at least 1
          [train] ; sequence = 8 ; steps = 8 ; batch = 0 | x.toml: train.batch = 0: must be a whole number, at least 1
          [train] ; sequence = 8 ; steps = 8 ; seed = 1.5 | x.toml: train.seed = 1.5: must be a whole number
          [train] ; sequence = 8 ; steps = 8 ; learningRate = 0 | x.toml: train.learningRate = 0: must be a number, above 0
          [train] ; sequence = 8 ; steps = 8 ; minLearningRate = 1 | x.toml: train.minLearningRate = 1.0: must be at most train.learningRate (3e-4)
          [train] ; sequence = 8 ; steps = 8 ; warmupSteps = -1 | x.toml: train.warmupSteps = -1: must be a whole number, at least 0
          [train] ; sequence = 8 ; steps = 8 ; schedule = "sine" | x.toml: train.schedule = "sine": must be "cosine" or "linear" or "constant" or "wsd"
          [train] ; sequence = 8 ; steps = 8 ; schedule = "constant" ; minLearningRate = 1e-5 | x.toml: train.minLearningRate = 1e-5: must not be given with train.schedule = "constant"
          [train] ; sequence = 8 ; steps = 8 ; decaySteps = 2 | x.toml: train.decaySteps = 2: must not be given with train.schedule = "cosine"
          [train] ; sequence = 8 ; steps = 8 ; schedule = "linear" ; decaySteps = 2 | x.toml: train.decaySteps = 2: must not be given with train.schedule = "linear"
          [train] ; sequence = 8 ; steps = 8 ; schedule = "constant" ; decaySteps = 2 | x.toml: train.decaySteps = 2: must not be given with train.schedule = "constant"
          [train] ; sequence = 8 ; steps = 8 ; schedule = "wsd" ; decaySteps = 0 | x.toml: train.decaySteps = 0: must be at least 1 with wsd
          [train] ; sequence = 8 ; steps = 8 ; noDecay = "norm" | x.toml: train.noDecay = "norm": must be a list of texts, each not empty
          [model] ; hidden = 64 ; layers = 2 ; heads = 2 ; [train] ; sequence = 8 ; noDecay = ["norm", "lm-head"] | x.toml: train.noDecay = ["norm", "lm-head"]: "lm-head" is in the name of no parameter of the model
          [model] ; hidden = 64 ; layers = 2 ; heads = 2 ; tied = true ; [train] ; sequence = 8 ; noDecay = ["lm_head"] | x.toml: train.noDecay = ["lm_head"]: "lm_head" is in the name of no parameter of the model
          [train] ; sequence = 8 ; steps = 8 ; beta1 = 1.0 | x.toml: train.beta1 = 1.0: must be a number, at least 0 and below 1
          [train] ; sequence = 8 ; steps = 8 ; beta2 = -0.1 | x.toml: train.beta2 = -0.1: must be a number, at least 0 and below 1
          [train] ; sequence = 8 ; steps = 8 ; epsilon = 0 | x.toml: train.epsilon = 0: must be a number, above 0
          [train] ; sequence = 8 ; steps = 8 ; clipNorm = -1 | x.toml: train.clipNorm = -1: must be a number, at least 0
          [train] ; sequence = 8 ; steps = 8 ; reportEvery = 0 | x.toml: train.reportEvery = 0: must be a whole number, at least 1
          [data] ; extensions = [] | x.toml: data.path is missing: must be a text, not empty
          [data] ; path = "" | x.toml: data.path = "": must be a text, not empty
          [data] ; path = 7 | x.toml: data.path = 7: must be a text, not empty
          [data] ; path = "x" ; extensions = [".java"] | x.toml: data.extensions = [".java"]: must be without the leading dot
          [data] ; path = "x" ; extensions = "java" | x.toml: data.extensions = "java": must be a list of texts, each not empty
          [data] ; path = "x" ; format = "json" | x.toml: data.format = "json": must be "text" or "jsonl" or "conversations" or "lines" or "tokens" or "megatron" or "trajectories" or "fasta"
          [fasta] ; softMask = "n" | x.toml: fasta.softMask = "n": must be "learned" or "context"
          [fasta] ; heldOut = "half" | x.toml: fasta.heldOut = "half": must be "auto" or "records" or "parts"
          [fasta] ; markovOrder = 17 | x.toml: fasta.markovOrder = 17: must be a whole number, 0 to 16
          [data] ; path = "x" ; documentMultiple = 0 | x.toml: data.documentMultiple = 0: must be a whole number, at least 1
          [data] ; path = "x" ; firstPosition = -1 | x.toml: data.firstPosition = -1: must be a whole number, 0 to 1073741824
          [data] ; path = "x" ; tokenizer = "a\\u0000" | x.toml: data.tokenizer = "a\\u0000": must not contain a zero byte
          [device] ; precision = "fp16" | x.toml: device.precision = "fp16": must be "bf16" or "fp32"
          [device] ; deterministic = 1 | x.toml: device.deterministic = 1: must be true or false
          [parallel] ; transport = "mpi" | x.toml: parallel.transport = "mpi": must be "auto" or "cuda-aware" or "staged" or "nccl"
          [device] ; kind = "cpu" ; [parallel] ; transport = "nccl" | x.toml: parallel.transport = "nccl": is for GPUs only: device.kind = "cpu"
          [device] ; kind = "gpu" | x.toml: device.kind = "gpu": must be "auto" or "cpu" or "reference" or "cuda"
          [device] ; threads = -1 | x.toml: device.threads = -1: must be a whole number, 0 to 1024
          [validate] ; lengths = [] | x.toml: validate.lengths = []: must be a list of whole numbers, one or more, each 2 to 4096
          [validate] ; lengths = [64, 1] | x.toml: validate.lengths = [64, 1]: must be a list of whole numbers, one or more, each 2 to 4096
          [validate] ; keyValueHeads = [3] | x.toml: validate.keyValueHeads = [3]: must each divide validate.heads (4)
          [validate] ; headSizes = [16, 3] | x.toml: validate.headSizes = [16, 3]: must each be even
          [benchKernels] ; hidden = 96 | x.toml: benchKernels.headSize = 64: must divide benchKernels.hidden (96)
          [benchKernels] ; keyValueHeads = 3 | x.toml: benchKernels.keyValueHeads = 3: must divide the heads (8)
          [benchAttention] ; heads = 6 ; keyValueHeads = 4 | x.toml: benchAttention.heads = 6: must be a multiple of benchAttention.keyValueHeads (4)
          [benchAttention] ; layouts = ["zigzag", "zagzig"] | x.toml: benchAttention.layouts = ["zigzag", "zagzig"]: must be a list of texts, one or more, each "contiguous" or "zigzag" or "striped"
          [benchAttention] ; heads = 6 ; headRanks = [1, 4] | x.toml: benchAttention.headRanks = [1, 4]: must each divide benchAttention.keyValueHeads (6)
          [benchAttention] ; headRanks = [0] | x.toml: benchAttention.headRanks = [0]: must be a list of whole numbers, one or more, each at least 1
          [benchRing] ; bytes = [0] | x.toml: benchRing.bytes = [0]: must be a list of whole numbers, one or more, each at least 1
          [benchRing] ; bytes = 65536 | x.toml: benchRing.bytes = 65536: must be a list of whole numbers, one or more, each at least 1
          [benchMemory] ; tokens = [64, 128] | x.toml: benchMemory.tokens = [64, 128]: must be three or more, ascending
          [benchMemory] ; tokens = [64, 128, 128] | x.toml: benchMemory.tokens = [64, 128, 128]: must be three or more, ascending
          [benchMemory] ; vanillaTokens = 2048 | x.toml: benchMemory.vanillaTokens = 2048: must be at least the third of benchMemory.tokens (4096)
          [benchMemory] ; feedForwardBlocks = [64] | x.toml: benchMemory.feedForwardBlocks = [64]: must be two or more, ascending
          [benchMemory] ; feedForwardBlocks = [2048, 4096] | x.toml: benchMemory.feedForwardBlocks = [2048, 4096]: the first must be at most the first of benchMemory.tokens (1024), the last at most the last (4096)
          [benchMemory] ; architectures = ["ring", "vanila"] | x.toml: benchMemory.architectures = ["ring", "vanila"]: must be a list of texts, one or more, each "vanilla" or "memory-efficient" or "blockwise" or "ring"
          [benchMemory] ; architectures = ["ring", "ring"] | x.toml: benchMemory.architectures = ["ring", "ring"]: must not name one twice
          [benchContext] ; models = ["2B"] | x.toml: benchContext.models = ["2B"]: must be a list of texts, each "1B" or "3B" or "7B" or "13B" or "30B" or "65B"
          [benchContext] ; models = ["1B", "7B"] ; layers = [4] | x.toml: benchContext.layers = [4]: must have one number for each of benchContext.models (2)
          [benchContext] ; layers = [4] | x.toml: benchContext.layers = [4]: must have one number for each of benchContext.models (0)
          [benchContext] ; architectures = [] | x.toml: benchContext.architectures = []: must be a list of texts, one or more, each "vanilla" or "memory-efficient" or "blockwise" or "ring"
          [benchContext] ; architectures = ["ring", "ring"] | x.toml: benchContext.architectures = ["ring", "ring"]: must each be there once
          [benchContext] ; multiple = 1 | x.toml: benchContext.multiple = 1: must be a whole number, 2 to 1048576
          [benchContext] ; beyond = 0 | x.toml: benchContext.beyond = 0: must be a whole number, 1 to 1048576
          [benchContext] ; multiple = 1048576 ; beyond = 2048 | x.toml: benchContext.beyond = 2048: must be below 2^31 / benchContext.multiple (1048576)
          [benchContext] ; steps = 0 | x.toml: benchContext.steps = 0: must be a whole number, at least 1
          [benchMfu] ; models = ["7B", "8B"] | x.toml: benchMfu.models = ["7B", "8B"]: must be a list of texts, each "1B" or "3B" or "7B" or "13B" or "30B" or "65B"
          [benchMfu] ; models = ["7B"] ; tokensPerRank = [512, 1024] | x.toml: benchMfu.tokensPerRank = [512, 1024]: must have one number for each of benchMfu.models
          [benchMfu] ; measured = 0 | x.toml: benchMfu.measured = 0: must be a whole number, at least 1
          [benchMfu] ; batchTokens = 1 | x.toml: benchMfu.batchTokens = 1: must be a whole number, at least 2
          [benchScaling] ; heads = 6 ; keyValueHeads = 4 | x.toml: benchScaling.heads = 6: must be a multiple of benchScaling.keyValueHeads (4)
          [benchScaling] ; headSize = 15 | x.toml: benchScaling.headSize = 15: must be even
          [benchScaling] ; rest = -1 | x.toml: benchScaling.rest = -1: must be a number, at least 0
          [benchOverlap] ; heads = 6 ; keyValueHeads = 4 | x.toml: benchOverlap.heads = 6: must be a multiple of benchOverlap.keyValueHeads (4)
          [benchOverlap] ; headSize = 3 | x.toml: benchOverlap.headSize = 3: must be even
          [benchOverlap] ; tokens = [1] | x.toml: benchOverlap.tokens = [1]: must be a list of whole numbers, one or more, each at least 2
          [benchOverlap] ; bandwidths = [0, -12.5] | x.toml: benchOverlap.bandwidths = [0, -12.5]: must be a list of numbers, one or more, each at least 0
          [benchOverlap] ; bandwidths = [] | x.toml: benchOverlap.bandwidths = []: must be a list of numbers, one or more, each at least 0
          [model] ; shape = "7B" ; ropeTheta = 1e-39 | x.toml: model.ropeTheta = 1e-39: must be a number, above 0, also in fp32, which holds 1.2e-38 to 3.4e38
          [model] ; shape = "7B" ; normEpsilon = 1e-60 | x.toml: model.normEpsilon = 1e-60: must be a number, above 0, also in fp32, which holds 1.2e-38 to 3.4e38
          [model] ; shape = "7B" ; initStd = 1e39 | x.toml: model.initStd = 1e39: must be a number, above 0, also in fp32, which holds 1.2e-38 to 3.4e38
          [model] ; shape = "7B" ; ropeFactor = 2 | x.toml: model.ropeFactor = 2.0: must not be given with model.ropeScaling = "default"
          [model] ; shape = "7B" ; ropeOriginalContext = 4096 | x.toml: model.ropeOriginalContext = 4096: must not be given with model.ropeScaling = "default"
          [model] ; shape = "7B" ; ropeScaling = "linear" ; ropeFactor = 2 ; ropeLowFrequency = 2 | x.toml: model.ropeLowFrequency = 2.0: must not be given with model.ropeScaling = "linear"
          [model] ; shape = "7B" ; ropeScaling = "linear" ; ropeFactor = 2 ; ropeHighFrequency = 2 | x.toml: model.ropeHighFrequency = 2.0: must not be given with model.ropeScaling = "linear"
          [model] ; shape = "7B" ; ropeScaling = "llama3" ; ropeFactor = 8 ; ropeLowFrequency = 4 | x.toml: model.ropeLowFrequency = 4.0: must be below model.ropeHighFrequency (4.0)
          [model] ; shape = "7B" ; ropeScaling = "llama3" ; ropeFactor = 1e300 | x.toml: model.ropeFactor = 1e300: must be a number, above 0, also in fp32, which holds 1.2e-38 to 3.4e38
          [attention] ; kind = "vanilla" ; [memory] ; saved = "inputs+attention" | x.toml: memory.saved = "inputs+attention": must be "inputs" or "auto" with vanilla attention, whose backward needs its scores
          [train] ; sequence = 8 ; steps = 8 ; learningRate = 1e-60 | x.toml: train.learningRate = 1e-60: must be a number, above 0, also in fp32, which holds 1.2e-38 to 3.4e38
          [train] ; sequence = 8 ; steps = 8 ; minLearningRate = 1e-60 | x.toml: train.minLearningRate = 1e-60: must be a number, at least 0, also in fp32, which holds 1.2e-38 to 3.4e38
          [train] ; sequence = 8 ; steps = 8 ; beta1 = 0.99999999 | x.toml: train.beta1 = 0.99999999: must be a number, at least 0 and below 1, also in fp32, which holds 1.2e-38 to 3.4e38
          [train] ; sequence = 8 ; steps = 8 ; beta2 = 0.99999999 | x.toml: train.beta2 = 0.99999999: must be a number, at least 0 and below 1, also in fp32, which holds 1.2e-38 to 3.4e38
          [train] ; sequence = 8 ; steps = 8 ; epsilon = 1e-60 | x.toml: train.epsilon = 1e-60: must be a number, above 0, also in fp32, which holds 1.2e-38 to 3.4e38
          [train] ; sequence = 8 ; steps = 8 ; weightDecay = 1e39 | x.toml: train.weightDecay = 1e39: must be a number, at least 0, also in fp32, which holds 1.2e-38 to 3.4e38
          [train] ; sequence = 8 ; steps = 8 ; clipNorm = 1e-40 | x.toml: train.clipNorm = 1e-40: must be a number, at least 0, also in fp32, which holds 1.2e-38 to 3.4e38
          [train] ; sequence = 1073741825 ; steps = 8 ; [data] ; path = "x" ; firstPosition = 1073741823 | x.toml: data.firstPosition = 1073741823: must be at most 2^31 - 1 less the tokens of a sequence (1073741825)
          [benchOverlap] ; bandwidths = [1e-300] | x.toml: benchOverlap.bandwidths = [1e-300]: must each be 0 or at least 1e-6
          [benchOverlap] ; limit = 1 | x.toml: benchOverlap.limit = 1: must be a number, above 0 and below 1
          [benchOverlap] ; mask = "banded" | x.toml: benchOverlap.mask = "banded": must be "causal" or "full"
          [fault] ; rank = -2 | x.toml: fault.rank = -2: must be a whole number, at least -1
          [fault] ; kind = "crash" | x.toml: fault.kind = "crash": must be "exception" or "stall" or "gradient"
          [timeout] ; minutes = -1 | x.toml: timeout.minutes = -1: must be a number, at least 0
          [train] ; sequence = 8 ; steps = 8 ; maxSkippedSteps = -1 | x.toml: train.maxSkippedSteps = -1: must be a whole number, at least 0
          [output] ; plots = "yes" | x.toml: output.plots = "yes": must be true or false
          [train ; steps = 8 | x.toml: line 1: not valid TOML: Newline not permitted here
          [train] ; steps = 8 ; steps = 9 | x.toml: line 3: not valid TOML: Duplicate key
          [data] ; path = text.txt | x.toml: line 2: not valid TOML: Unknown token
          [device] ; kind = "a very long text that goes on and on and on and on and on and on and on and on and on" | x.toml: device.kind = "a very long text that goes on and on and on and on and on and on and on and on ...: must be "auto" or "cpu" or "reference" or "cuda"
          """)
  void badFile(String text, String message) throws IOException {
    assertEquals(message, message(text, List.of()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          modle.heads=6 | -D modle.heads = 6: unknown key, did you mean model.heads?
          train.step=6 | -D train.step = 6: unknown key, did you mean train.steps?
          train.sequence | -D train.sequence: must be key=value
          =3 | -D =3: must be key=value
          parallel.ring=two | -D parallel.ring = "two": must be a whole number, at least 0
          parallel.ring= | -D parallel.ring = "": must be a whole number, at least 0
          attention.kind=rings | -D attention.kind = "rings": must be "ring" or "memory-efficient" or "vanilla"
          data.path= | -D data.path = "": must be a text, not empty
          model=3 | -D model = 3: must be a section, [model]
          """)
  void badOverride(String override, String message) throws IOException {
    assertEquals(message, message("", List.of(override)));
  }
}
