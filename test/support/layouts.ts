/** Small data sets in published layouts, as archives: each photograph and mask is another one, of 48 × 40 pixels. */
import { HEIGHT, WIDTH, picture } from './annotations.js';
import { grey } from './photographs.js';

export interface Square {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

/** What a photograph becomes. */
export interface Expected {
  readonly product: string;
  /** Null: a good part. */
  readonly defect: string | null;
  /** What its mask marks. */
  readonly marked?: readonly Square[];
  readonly inside?: (x: number, y: number) => boolean;
  readonly split?: 'TRAIN' | 'TEST';
}

export interface LayoutFixture {
  readonly files: Readonly<Record<string, Buffer | string>>;
  /** By the name of the file. What is not named is not read. */
  readonly photographs: Readonly<Record<string, Expected>>;
  /** For a layout that names no product. */
  readonly partNumber?: string;
}

export const SQUARE: Square = { left: 10, top: 6, side: 9 };
export const OTHER: Square = { left: 30, top: 30, side: 5 };

export const isIn = (squares: readonly Square[], x: number, y: number): boolean =>
  squares.some(({ left, top, side }) => x >= left && x < left + side && y >= top && y < top + side);

/** A mask that is black but for the squares, which have this value. */
export const maskOf = (value: number, ...squares: readonly Square[]): Promise<Buffer> =>
  grey((x, y) => (isIn(squares, x, y) ? value : 0), WIDTH, HEIGHT)
    .png()
    .toBuffer();

const good = (product: string, split?: 'TRAIN' | 'TEST'): Expected => ({
  product,
  defect: null,
  ...(split !== undefined && { split }),
});
const bad = (product: string, defect: string, ...marked: readonly Square[]): Expected => ({ product, defect, marked });

async function mvtecAd2(): Promise<LayoutFixture> {
  return {
    files: {
      'can/train/good/000_regular.png': await picture(1),
      'can/validation/good/000_regular.png': await picture(2),
      'can/test_public/good/000_regular.png': await picture(3),
      'can/test_public/bad/000_regular.png': await picture(4),
      'can/test_public/ground_truth/bad/000_regular_mask.png': await maskOf(255, SQUARE),
      'can/test_private/000_regular.png': await picture(5),
      'can/test_private_mixed/000_mixed.png': await picture(6),
    },
    photographs: {
      'can/train/good/000_regular.png': good('can'),
      'can/validation/good/000_regular.png': good('can'),
      'can/test_public/good/000_regular.png': good('can'),
      'can/test_public/bad/000_regular.png': bad('can', 'bad', SQUARE),
    },
  };
}

async function visa(): Promise<LayoutFixture> {
  return {
    files: {
      'VisA/candle/Data/Images/Normal/0000.JPG': await picture(1),
      'VisA/candle/Data/Images/Anomaly/000.JPG': await picture(2),
      'VisA/candle/Data/Masks/Anomaly/000.png': await maskOf(2, SQUARE),
      'VisA/cashew/Data/Images/Normal/0000.JPG': await picture(3),
      'VisA/cashew/Data/Images/Anomaly/000.JPG': await picture(4),
      'VisA/cashew/Data/Masks/Anomaly/000.png': await grey(
        (x, y) => (isIn([SQUARE], x, y) ? 1 : isIn([OTHER], x, y) ? 7 : 0),
        WIDTH,
        HEIGHT,
      )
        .png()
        .toBuffer(),
      'VisA/candle/image_anno.csv': 'image,label,mask\n',
      'VisA/split_csv/1cls.csv': 'object,split,label,image,mask\n',
    },
    photographs: {
      'VisA/candle/Data/Images/Normal/0000.JPG': good('candle'),
      'VisA/candle/Data/Images/Anomaly/000.JPG': bad('candle', 'bad', SQUARE),
      'VisA/cashew/Data/Images/Normal/0000.JPG': good('cashew'),
      'VisA/cashew/Data/Images/Anomaly/000.JPG': bad('cashew', 'bad', SQUARE, OTHER),
    },
  };
}

async function btad(): Promise<LayoutFixture> {
  return {
    files: {
      'BTech_Dataset_transformed/01/train/ok/0000.bmp': await picture(1),
      'BTech_Dataset_transformed/01/test/ok/0000.png': await picture(2),
      'BTech_Dataset_transformed/01/test/ko/0000.png': await picture(3),
      'BTech_Dataset_transformed/01/ground_truth/ko/0000.png': await maskOf(255, SQUARE),
    },
    photographs: {
      'BTech_Dataset_transformed/01/train/ok/0000.bmp': good('01'),
      'BTech_Dataset_transformed/01/test/ok/0000.png': good('01'),
      'BTech_Dataset_transformed/01/test/ko/0000.png': bad('01', 'ko', SQUARE),
    },
  };
}

async function loco(): Promise<LayoutFixture> {
  return {
    files: {
      'bag/train/good/000.png': await picture(1),
      'bag/validation/good/000.png': await picture(2),
      'bag/test/good/000.png': await picture(3),
      'bag/test/logical_anomalies/000.png': await picture(4),
      'bag/test/structural_anomalies/000.png': await picture(5),
      'bag/ground_truth/logical_anomalies/000/000.png': await maskOf(255, SQUARE),
      'bag/ground_truth/logical_anomalies/000/001.png': await maskOf(240, OTHER),
      'bag/ground_truth/structural_anomalies/000/000.png': await maskOf(251, OTHER),
      'bag/defects_config.json': '[]',
    },
    photographs: {
      'bag/train/good/000.png': good('bag'),
      'bag/validation/good/000.png': good('bag'),
      'bag/test/good/000.png': good('bag'),
      'bag/test/logical_anomalies/000.png': bad('bag', 'logical_anomalies', SQUARE, OTHER),
      'bag/test/structural_anomalies/000.png': bad('bag', 'structural_anomalies', OTHER),
    },
  };
}

/** Masks under other names, in subfolders, and of good parts. */
async function alike(): Promise<LayoutFixture> {
  return {
    files: {
      'clip/train/Normal/lot/0.png': await picture(1),
      'clip/test/good/0.png': await picture(2),
      'clip/ground_truth/good/0.png': await maskOf(0),
      'clip/test/bent/0.png': await picture(3),
      'clip/ground_truth/bent/0_mask_1.png': await maskOf(1, SQUARE),
      'clip/ground_truth/bent/0_mask_2.png': await maskOf(2, OTHER),
      'clip/test/bent/lot/0.png': await picture(4),
      'clip/ground_truth/bent/lot/0_GT.png': await maskOf(255, OTHER),
      'clip/test/torn/0.png': await picture(5),
      'clip/test/torn/0_label.png': await maskOf(255, SQUARE),
    },
    photographs: {
      'clip/train/Normal/lot/0.png': good('clip'),
      'clip/test/good/0.png': good('clip'),
      'clip/test/bent/0.png': bad('clip', 'bent', SQUARE, OTHER),
      'clip/test/bent/lot/0.png': bad('clip', 'bent', OTHER),
      'clip/test/torn/0.png': bad('clip', 'torn', SQUARE),
    },
  };
}

async function mvtec3d(): Promise<LayoutFixture> {
  return {
    files: {
      'bagel/train/good/rgb/000.png': await picture(1),
      'bagel/train/good/xyz/000.tiff': 'depth, which is not read',
      'bagel/test/good/rgb/000.png': await picture(2),
      'bagel/test/good/gt/000.png': await maskOf(0),
      'bagel/test/hole/rgb/000.png': await picture(3),
      'bagel/test/hole/gt/000.png': await maskOf(255, SQUARE),
      'bagel/test/hole/xyz/000.tiff': 'depth, which is not read',
    },
    photographs: {
      'bagel/train/good/rgb/000.png': good('bagel'),
      'bagel/test/good/rgb/000.png': good('bagel'),
      'bagel/test/hole/rgb/000.png': bad('bagel', 'hole', SQUARE),
    },
  };
}

async function realIad(): Promise<LayoutFixture> {
  return {
    files: {
      'jack/OK/S0001/jack_0001_OK_C1.jpg': await picture(1),
      'jack/NG/HS/S0002/jack_0002_NG_HS_C1.jpg': await picture(2),
      'jack/NG/HS/S0002/jack_0002_NG_HS_C1.png': await maskOf(255, SQUARE),
      'jack/NG/HS/S0002/jack_0002_NG_HS_C2.jpg': await picture(3),
    },
    photographs: {
      'jack/OK/S0001/jack_0001_OK_C1.jpg': good('jack'),
      'jack/NG/HS/S0002/jack_0002_NG_HS_C1.jpg': bad('jack', 'scratch', SQUARE),
    },
  };
}

async function kolektorSdd2(): Promise<LayoutFixture> {
  return {
    partNumber: 'COMMUTATOR',
    files: {
      'train/10000.png': await picture(1),
      'train/10000_GT.png': await maskOf(0),
      'train/10001.png': await picture(2),
      'train/10001_GT.png': await maskOf(255, SQUARE),
      'test/20000.png': await picture(3),
      'test/20000_GT.png': await maskOf(0),
    },
    photographs: {
      'train/10000.png': good('COMMUTATOR', 'TRAIN'),
      'train/10001.png': { ...bad('COMMUTATOR', 'defect', SQUARE), split: 'TRAIN' },
      'test/20000.png': good('COMMUTATOR', 'TEST'),
    },
  };
}

async function dagm(): Promise<LayoutFixture> {
  return {
    files: {
      'Class1/Train/0576.PNG': await picture(1),
      'Class1/Train/Label/Labels.txt': '1\n',
      'Class1/Test/0002.PNG': await picture(2),
      'Class1/Test/0003.PNG': await picture(3),
      'Class1/Test/Label/0003_label.PNG': await maskOf(255, SQUARE),
    },
    photographs: {
      'Class1/Train/0576.PNG': good('Class1', 'TRAIN'),
      'Class1/Test/0002.PNG': good('Class1', 'TEST'),
      'Class1/Test/0003.PNG': { ...bad('Class1', 'defect', SQUARE), split: 'TEST' },
    },
  };
}

export const FOLDER_FIXTURES: Readonly<Record<string, () => Promise<LayoutFixture>>> = {
  'MVTec AD 2': mvtecAd2,
  VisA: visa,
  BTAD: btad,
  'MVTec LOCO': loco,
  'the like of MVTec AD': alike,
  'MVTec 3D-AD': mvtec3d,
  'Real-IAD': realIad,
  KolektorSDD2: kolektorSdd2,
  'DAGM 2007': dagm,
};
