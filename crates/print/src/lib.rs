//! Writes DOCX and PDF documents in the form of NĐ 30/2020/NĐ-CP.
