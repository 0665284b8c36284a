import torch
from models.blocks import *


class UNet(Module):
    def __init__(self, n_classes=2, w=8):
        super(UNet, self).__init__()
        self.d1 = DoubleConv(1, w)
        self.d2 = DoubleConv(w, w * 2)
        self.d3 = DoubleConv(w * 2, w * 4)
        self.up2 = ConvTranspose2d(w * 4, w * 2, 2, stride=2)
        self.u2 = DoubleConv(w * 4, w * 2)
        self.up1 = ConvTranspose2d(w * 2, w, 2, stride=2)
        self.u1 = DoubleConv(w * 2, w)
        self.out = Conv2d(w, n_classes, 1)
        self.pool = MaxPool2d(2)

    def forward(self, x):
        a = self.d1(x)
        b = self.d2(self.pool(a))
        c = self.d3(self.pool(b))
        # print(a.shape, b.shape, c.shape)
        y = self.u2(torch.cat([self.up2(c), b], 1))
        y = self.u1(torch.cat([self.up1(y), a], 1))
        return self.out(y)
