struct BufferPool {}
