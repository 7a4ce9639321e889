//! Recipes by name or from a file.

use std::path::Path;

use anyhow::{Context, anyhow};
use polaris_model::training::Recipe;

/// A built-in recipe, or one from a JSON file with the same fields.
pub(super) fn find(name: &str) -> anyhow::Result<Recipe> {
    if let Some(recipe) = Recipe::by_name(name) {
        return Ok(recipe);
    }
    let path = Path::new(name);
    if !path.exists() {
        return Err(anyhow!("recipe {name:?} is neither standard, paper, nor a file"));
    }
    let text = std::fs::read_to_string(path).with_context(|| name.to_owned())?;
    let recipe: Recipe = serde_json::from_str(&text).with_context(|| name.to_owned())?;
    recipe.check().with_context(|| name.to_owned())?;
    Ok(recipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_file_and_neither() {
        assert_eq!(find("paper").unwrap(), Recipe::paper());
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mine.json");
        let mine = Recipe { name: "mine".to_owned(), epochs: 3, ..Recipe::standard() };
        std::fs::write(&path, serde_json::to_string(&mine).unwrap()).unwrap();
        assert_eq!(find(path.to_str().unwrap()).unwrap(), mine);
        std::fs::write(&path, "{\"name\": \"mine\"}").unwrap();
        assert!(format!("{:#}", find(path.to_str().unwrap()).unwrap_err()).contains("optimizer"));
        let bad = Recipe { epochs: 0, ..mine };
        std::fs::write(&path, serde_json::to_string(&bad).unwrap()).unwrap();
        assert!(format!("{:#}", find(path.to_str().unwrap()).unwrap_err()).contains("epochs"));
        assert!(find("fancy").unwrap_err().to_string().contains("fancy"));
    }
}
