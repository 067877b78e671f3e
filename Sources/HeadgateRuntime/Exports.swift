// Tensors and values are what models take and give, so that one import is enough for those who run them.
@_exported public import HeadgateTensors
