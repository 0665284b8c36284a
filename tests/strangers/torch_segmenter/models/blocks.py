from torch.nn import *


class DoubleConv(Module):
    def __init__(self, i, o):
        super(DoubleConv, self).__init__()
        self.net = Sequential(Conv2d(i, o, 3, padding=1), BatchNorm2d(o), ReLU(inplace=True),
                              Conv2d(o, o, 3, padding=1), BatchNorm2d(o), ReLU(inplace=True))

    def forward(self, x):
        return self.net(x)
