from config import *
from models.unet import *
import numpy as np
import torch.nn.functional as F

torch.manual_seed(opt.seed)
np.random.seed(opt.seed)
torch.backends.cudnn.benchmark = True
torch.set_num_threads(2)

print('==> loading', opt.ckpt)
os.chdir('checkpoints')  # FIXME
ck = torch.load(opt.ckpt, map_location='cpu')
net = UNet()
net.load_state_dict(ck['net'])
device = 'cuda:0' if torch.cuda.is_available() else 'cpu'
net = net.to(device).eval()

history = []


def segment(img):
    global history
    h, w = img.shape
    x = torch.from_numpy(img / 255.0).float()[None, None].to(device)
    x = F.interpolate(x, (opt.size, opt.size), mode='bilinear')
    y = F.interpolate(net(x), (h, w), mode='bilinear')[0].argmax(0)
    history = history[-99:] + [y.sum().item()]
    print('frame', len(history), 'foreground', history[-1], flush=True)
    return y
