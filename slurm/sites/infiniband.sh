# shellcheck shell=bash
# Many nodes, 8 GPUs and 8 InfiniBand adapters each. UCX must know verbs: WITH_INFINIBAND=1 WITH_SLURM=1 tools/build-openmpi.sh
# (ucx_info -d lists rc_mlx5), or the site's Open MPI. GPUDirect needs the kernel module nvidia_peermem.
export OMPI_MCA_pml=ucx OMPI_MCA_btl=^openib,tcp OMPI_MCA_coll_hcoll_enable=0

# the compute adapters only, not that of storage: ibdev2netdev and nvidia-smi topo -m tell which
export UCX_NET_DEVICES=mlx5_0:1,mlx5_1:1,mlx5_2:1,mlx5_3:1,mlx5_4:1,mlx5_5:1,mlx5_6:1,mlx5_7:1
export UCX_TLS=rc,self,sm,cuda_copy,cuda_ipc # dc instead of rc above some hundred ranks
export UCX_IB_GPU_DIRECT_RDMA=yes            # the run fails instead of going through the host
export UCX_RNDV_THRESH=65536                 # blocks of keys and values go without a copy
#export UCX_IB_SL=1 UCX_IB_GID_INDEX=3       # as the fabric demands; the second for RoCE

# NCCL's part: parallel.transport = "nccl", bf16 gradients
export NCCL_IB_HCA=mlx5 NCCL_SOCKET_IFNAME=^lo,docker
