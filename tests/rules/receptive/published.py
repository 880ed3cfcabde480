"""Published networks of which the receptive rules know what to say."""

from tests.net import Net


def vgg16(size: int, *, bias: bool = False) -> Net:
    """Build the 13 convolutions of VGG-16 in front of global average pooling."""
    net = Net(3, size)
    for width, layers in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        net = net.repeat(layers, lambda n, w=width: n.conv(w, bias=bias).relu()).pool()
    return net.gap().flatten().dense(10)


def resnet18(size: int, *, stem: int = 4) -> Net:
    """Build ResNet-18 for 10 classes; a stem of 1 is that for CIFAR-10."""
    net = Net(3, size)
    if stem == 1:
        net = net.conv(64, 3, name="conv1").relu()
    else:
        net = net.conv(64, 7, stride=2, name="conv1").relu().pool(3, 2, pad=1)
    for stage in range(4):
        for block in range(2):
            width, stride = 64 << stage, 2 if stage and not block else 1
            name = f"layer{stage + 1}.{block}"
            net = net.mark("x").conv(width, stride=stride, name=f"{name}.conv1").relu()
            net = net.conv(width, name=f"{name}.conv2").mark("y").goto("x")
            if stride == 2:
                net = net.conv(width, 1, stride=2, name=f"{name}.downsample")
            net = net.add("y").relu()
    return net.gap().flatten().dense(10)
