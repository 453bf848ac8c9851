//! Places that do not lie in a row.

mod common;

use common::threads;
use ranks::{Class, Stride};

#[test]
fn places_that_do_not_lie_in_a_row() {
    #[derive(Clone, Copy, Debug, PartialEq, ranks::Equivalence)]
    struct Cell(u8, u32, bool);

    threads(2, |world| {
        let (rows, columns) = (5, 7);
        let numbers: Vec<u64> = (0..35).collect();
        let cells: Vec<Cell> = (0..35).map(|i| Cell(i, i.into(), i % 2 == 0)).collect();
        let (column, part) = (Stride::column(rows, columns, 6), Stride::part(columns, 1..4, 2..5));
        if world.rank() == 0 {
            world.send_strided(&numbers, column, 1, 0)?;
            world.send_strided(&cells, part, 1, 0)?;
            world.send_from(&numbers[..9], 1, 0)?;
            world.send_strided(&numbers, Stride { count: 0, ..column }, 1, 0)?;
            return world.send_from(&[2u8; 9 * size_of::<Cell>()], 1, 1);
        }
        let mut got = [0u64; 5];
        world.receive_into(&mut got, 0, 0)?;
        assert_eq!(got, [6, 13, 20, 27, 34]);
        let mut room = vec![Cell(99, 99, false); 35];
        world.receive_strided(&mut room, part, 0, 0)?;
        for (at, (got, sent)) in room.iter().zip(&cells).enumerate() {
            let inside = (1..4).contains(&(at / columns)) && (2..5).contains(&(at % columns));
            assert_eq!(*got, if inside { *sent } else { Cell(99, 99, false) });
        }
        let mut room = vec![0u64; 35];
        let status = world.receive_strided(&mut room, part, 0, 0)?;
        assert_eq!((status.bytes, room[9], room[16], room[25], room[12]), (72, 0, 3, 8, 0));
        assert_eq!(world.receive_strided(&mut room, Stride { count: 0, ..part }, 0, 0)?.bytes, 0);
        let mut cells = cells.clone();
        assert_eq!(world.receive_strided(&mut cells, part, 0, 1).unwrap_err().class(), Class::Type);

        for wrong in [
            Stride { count: 6, ..column },
            Stride { first: 7, ..column },
            Stride { stride: usize::MAX, ..column },
            Stride { first: 0, count: 2, block: 3, stride: 2 },
        ] {
            assert_eq!(world.send_strided(&numbers, wrong, 0, 0).unwrap_err().class(), Class::Arg);
            assert_eq!(world.receive_strided(&mut room, wrong, 0, 0).unwrap_err().class(), Class::Arg);
        }
        Ok(())
    })
    .unwrap();
}
