import argparse
import os

parser = argparse.ArgumentParser()
parser.add_argument('--ckpt', type=str, default='best.pth')
parser.add_argument('--size', type=int, default=64)
parser.add_argument('--gpu', type=str, default='0')
parser.add_argument('--seed', type=int, default=1337)
opt = parser.parse_args()
print(opt)

os.environ['CUDA_VISIBLE_DEVICES'] = opt.gpu
