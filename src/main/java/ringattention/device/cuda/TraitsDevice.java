package ringattention.device.cuda;

import java.util.List;
import java.util.OptionalDouble;
import ringattention.device.AttentionCall;
import ringattention.device.BlockShape;
import ringattention.device.DType;
import ringattention.device.Device;
import ringattention.device.HeadCounts;
import ringattention.shard.Mask;

/** A device that has the traits a plan was made with: what follows from them is said once. */
interface TraitsDevice extends Device {
  CudaTraits traits();

  @Override
  default DType compute() {
    return traits().compute();
  }

  @Override
  default DType sum() {
    return traits().sum();
  }

  @Override
  default OptionalDouble peakFlops() {
    return traits().peakFlops();
  }

  @Override
  default int causalBlock() {
    return traits().causalBlock();
  }

  @Override
  default int documentTile() {
    return traits().documentTile();
  }

  @Override
  default long workspaceBytes(List<AttentionCall> calls) {
    return traits().workspaceBytes(calls);
  }

  @Override
  default long decodeWorkspaceBytes(int rows, HeadCounts heads) {
    return traits().decodeWorkspaceBytes(rows, heads);
  }

  @Override
  default long vanillaWorkspaceBytes(BlockShape whole, Mask mask) {
    return traits().vanillaWorkspaceBytes(whole, mask);
  }
}
