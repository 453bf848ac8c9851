//! Places that do not lie in a row.

mod common;

use common::threads;
use ranks::{Class, Exchange, Stride};

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

#[test]
fn edges_are_exchanged_within_one_buffer() {
    #[derive(Clone, Copy, Debug, PartialEq, ranks::Equivalence)]
    struct Cell(u8, u32, bool);

    // In a ring of two, a rank is its neighbour's neighbour on both sides; alone, it is its own.
    for n in 1..=4 {
        threads(n, |world| {
            let (rank, rows, columns) = (world.rank(), 3, 6);
            let (left, right) = ((rank + n - 1) % n, (rank + 1) % n);
            let column = |at| Stride::column(rows, columns, at);
            let parts = [
                Exchange { neighbor: left, send: column(1), send_tag: 5, receive: column(0), receive_tag: 6 },
                Exchange {
                    neighbor: right,
                    send: column(4),
                    send_tag: 6,
                    receive: column(5),
                    receive_tag: 5,
                },
            ];
            let value = |rank: usize, at: usize| 100 * rank + at;
            let mut block: Vec<usize> = (0..18).map(|at| value(rank, at)).collect();
            world.exchange_strided(&mut block, &parts)?;
            let mut cells: Vec<Cell> =
                (0..18u8).map(|at| Cell(at, value(rank, at.into()) as u32, at % 2 == 0)).collect();
            world.exchange_strided(&mut cells, &parts)?;
            for row in 0..rows {
                let begin = row * columns;
                let expected = [
                    value(left, begin + 4),
                    value(rank, begin + 1),
                    value(rank, begin + 4),
                    value(right, begin + 1),
                ];
                let got = [0, 1, 4, 5].map(|at| block[begin + at]);
                assert_eq!(got, expected);
                assert_eq!([0, 1, 4, 5].map(|at| cells[begin + at].1 as usize), expected);
            }
            Ok(())
        })
        .unwrap();
    }
}

#[test]
fn an_exchange_into_places_that_are_used_is_refused() {
    threads(1, |world| {
        let column = |at| Stride::column(4, 5, at);
        let one = |send, receive| Exchange { neighbor: 0, send, send_tag: 0, receive, receive_tag: 0 };
        let wrong: &[&[Exchange]] = &[
            &[one(column(1), column(1))],
            &[one(column(1), column(0)), one(column(3), column(0))],
            &[one(column(1), Stride::part(5, 2..3, 0..5))],
            &[one(Stride { first: 3, count: 3, block: 1, stride: 4 }, column(1))],
            &[one(column(5), column(0))],
        ];
        for parts in wrong {
            let error = world.exchange_strided(&mut [0u8; 20], parts).unwrap_err();
            assert_eq!(error.class(), Class::Arg, "{parts:?}");
        }
        let mut block: Vec<u8> = (0..20).collect();
        // 0, 7, 14 and 0: a diagonal does not meet the column beside it.
        let diagonal = Stride { first: 0, count: 3, block: 1, stride: 6 };
        world.exchange_strided(&mut block, &[one(diagonal, Stride { count: 3, ..column(3) })])?;
        assert_eq!((block[3], block[8], block[13]), (0, 6, 12));
        // Nothing begins when a part cannot.
        let error = world.exchange_strided(
            &mut block,
            &[one(column(1), column(0)), Exchange { neighbor: 7, ..one(column(2), column(4)) }],
        );
        assert_eq!(error.unwrap_err().class(), Class::Rank);
        Ok(())
    })
    .unwrap();
}

#[test]
fn columns_travel_while_others_work() {
    #[derive(Clone, Copy, Debug, PartialEq, ranks::Equivalence)]
    struct Cell(u8, u32, bool);

    threads(2, |world| {
        let other = 1 - world.rank();
        let cells: Vec<Cell> = (0..30).map(|i| Cell(i, i.into(), i % 2 == 0)).collect();
        let numbers: Vec<u16> = (0..30).collect();
        let (third, last) = (Stride::column(5, 6, 2), Stride::column(5, 6, 5));
        let mut cell_room = vec![Cell(0, 0, false); 30];
        let mut room = vec![0u16; 30];
        world.scope(|s| {
            s.isend_strided(&cells, third, other, 0)?;
            s.isend_strided(&numbers, third, other, 1)?;
            s.ireceive_strided(&mut cell_room, last, other, 0)?;
            let (room, status) = s.ireceive_strided(&mut room, last, other, 1)?.wait()?;
            assert_eq!((room[5], room[29], status.bytes), (2, 26, 10));
            Ok(())
        })?;
        assert_eq!((cell_room[5], cell_room[29]), (cells[2], cells[26]));
        let sends = [
            world.isend_strided(cells.clone(), third, other, 2)?,
            world.isend_strided(cells.clone(), last, other, 3)?,
        ];
        let wrong = world.isend_strided(cells.clone(), Stride { count: 6, ..last }, other, 2);
        assert_eq!(wrong.unwrap_err().class(), Class::Arg);
        let (got, _) = world.ireceive_strided(cell_room, third, other, 2)?.wait()?;
        let (got, status) = world.ireceive_strided(got, last, other, 3)?.wait()?;
        assert_eq!((got[2], got[26], got[5], got[29]), (cells[2], cells[26], cells[5], cells[29]));
        assert_eq!(status.bytes, 5 * size_of::<Cell>());
        for send in sends {
            assert_eq!(send.wait()?, cells);
        }
        Ok(())
    })
    .unwrap();
}
