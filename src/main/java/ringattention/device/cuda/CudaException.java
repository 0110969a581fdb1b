package ringattention.device.cuda;

/** A call into CUDA, cuBLAS, cuDNN, NVRTC or NCCL that failed; the message says which and why. */
public final class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1;

  CudaException(String message) {
    super(message);
  }
}
