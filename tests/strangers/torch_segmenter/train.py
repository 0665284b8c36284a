# python train.py        (toy data, the real ones cannot be shared)
from config import *
from models.unet import *
import numpy as np
import random

torch.manual_seed(opt.seed)
np.random.seed(opt.seed)
random.seed(opt.seed)


def toy():
    y, x = np.mgrid[:opt.size, :opt.size]
    img = np.random.rand(opt.size, opt.size) * 0.3
    msk = np.zeros((opt.size, opt.size), np.int64)
    cx, cy, r = np.random.randint(14, opt.size - 14, 2).tolist() + [np.random.randint(6, 14)]
    msk[(x - cx) ** 2 + (y - cy) ** 2 < r * r] = 1
    return np.where(msk == 1, 0.7 + img, img).astype(np.float32), msk


net = UNet()
if torch.cuda.is_available():
    net = net.cuda()
optim = torch.optim.Adam(net.parameters(), 1e-2)
for it in range(60):
    xs, ys = zip(*[toy() for _ in range(8)])
    xs, ys = torch.from_numpy(np.stack(xs))[:, None], torch.from_numpy(np.stack(ys))
    if torch.cuda.is_available():
        xs, ys = xs.cuda(), ys.cuda()
    loss = torch.nn.functional.cross_entropy(net(xs), ys)
    optim.zero_grad()
    loss.backward()
    optim.step()
    if it % 10 == 0:
        print('iter %d loss %.4f' % (it, loss.item()))

os.makedirs('checkpoints', exist_ok=True)
torch.save({'net': net.state_dict(), 'iter': it, 'opt': vars(opt)}, 'checkpoints/' + opt.ckpt)
