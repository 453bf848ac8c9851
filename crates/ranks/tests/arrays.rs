//! Arrays and complex numbers of other crates as buffers.

mod common;

use common::threads;
use ndarray::{Array2, Array3, s};
use num_complex::Complex;

#[test]
fn arrays_and_parts_of_them() {
    threads(2, |world| {
        let cube = Array3::from_shape_fn((2, 3, 4), |(i, j, k)| (i * 100 + j * 10 + k) as f64);
        if world.rank() == 0 {
            world.send_array(&cube, 1, 0)?;
            world.send_array(&cube.slice(s![1, .., 2]), 1, 1)?;
            return world.send_array(&cube.slice(s![0, .., ..]).t(), 1, 2);
        }
        let mut whole = Array3::<f64>::zeros((2, 3, 4));
        world.receive_array(&mut whole, 0, 0)?;
        assert_eq!(whole, cube);
        let mut column = [0.0; 3];
        world.receive_into(&mut column, 0, 1)?;
        assert_eq!(column, [102.0, 112.0, 122.0]);
        let mut matrix = Array2::<f64>::zeros((4, 6));
        let status = world.receive_array(&mut matrix.slice_mut(s![.., 0..6;2]), 0, 2)?;
        assert_eq!(status.bytes, 96);
        assert_eq!(matrix.row(3).to_vec(), [3.0, 0.0, 13.0, 0.0, 23.0, 0.0]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn complex_numbers() {
    threads(3, |world| {
        let mut sum = [Complex::new(1.0, world.rank() as f32)];
        world.all_reduce_in_place(&mut sum, ranks::op::sum)?;
        assert_eq!(sum, [Complex::new(3.0, 3.0)]);
        Ok(())
    })
    .unwrap();
}
